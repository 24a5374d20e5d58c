#include "core/mount/filesystem.h"

#include <string.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/cleanup.h"

/* Magic numbers as stored on disk: linux/magic.h and Documentation/filesystems/ of each. */
static const struct {
    char name[9];
    uint8_t length;
    char magic[8];
    uint32_t offset;
} superblocks[] = {
    {"xfs", 4, "XFSB", 0},
    {"squashfs", 4, "hsqs", 0},
    {"erofs", 4, {'\xe2', '\xe1', '\xf5', '\xe0'}, 1024},
    {"f2fs", 4, {'\x10', '\x20', '\xf5', '\xf2'}, 1024},
    {"btrfs", 8, {'_', 'B', 'H', 'R', 'f', 'S', '_', 'M'}, 65536 + 64},
    {"iso9660", 5, "CD001", 32768 + 1},
    {"exfat", 5, "EXFAT", 3},
    {"vfat", 5, "FAT32", 82},
    {"vfat", 5, "FAT16", 54},
    {"vfat", 5, "FAT12", 54},
};

/* Documentation/filesystems/ext4/super.rst: the features determine which of the three can mount it. */
static const char *filesystem_ext_type(const uint8_t *super)
{
    uint32_t compatible = read_le32(super + 92), incompatible = read_le32(super + 96),
             read_only = read_le32(super + 100);

    /* ext3's: filetype, recover, journal_dev, meta_bg; sparse_super, large_file, btree_dir. */
    if (incompatible & ~UINT32_C(0x1e) || read_only & ~UINT32_C(0x7))
        return "ext4";
    return compatible & 0x4 ? "ext3" : "ext2"; /* has_journal */
}

const char *filesystem_type(const uint8_t *head, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(superblocks); i++)
        if (length >= superblocks[i].offset + superblocks[i].length &&
            memcmp(head + superblocks[i].offset, superblocks[i].magic, superblocks[i].length) == 0)
            return superblocks[i].name;
    if (length >= 1024 + 104 && head[1024 + 56] == 0x53 && head[1024 + 57] == 0xef)
        return filesystem_ext_type(head + 1024);
    return NULL;
}

const char *filesystem_probe(int fd)
{
    cleanup_free uint8_t *head = malloc(FILESYSTEM_HEAD);
    size_t length = 0;
    ssize_t n = 1;

    while (head && n > 0 && length < FILESYSTEM_HEAD) {
        n = pread(fd, head + length, FILESYSTEM_HEAD - length, (off_t)length);
        length += n > 0 ? (size_t)n : 0;
    }
    return head ? filesystem_type(head, length) : NULL;
}
