#include "core/boot/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/mount/filesystem.h"

#define WAIT_TRIES 100 /* of 100 ms */
#define FAT_HEAD   512 /* bytes: the boot sector */

/*
 * Offsets of label and UUID. Sources: Documentation/filesystems/ext4/super.rst and each file system's own
 * header: xfs_format.h, btrfs_tree.h, f2fs_fs.h, msdos_fs.h.
 */
static const struct place {
    char type[6];
    bool is_wide; /* UTF-16 */
    uint16_t label_size;
    uint32_t uuid, label;
} places[] = {
    {"ext2", false, 16, 1024 + 104, 1024 + 120},    {"ext3", false, 16, 1024 + 104, 1024 + 120},
    {"ext4", false, 16, 1024 + 104, 1024 + 120},    {"xfs", false, 12, 32, 108},
    {"btrfs", false, 256, 65536 + 32, 65536 + 299}, {"f2fs", true, 512, 1024 + 108, 1024 + 124},
};

static void disk_read_label(const uint8_t *from, size_t size, bool is_wide, char *out)
{
    for (size_t i = 0; i < size / (is_wide ? 2 : 1) && i < 256; i++) {
        *out = (char)from[is_wide ? i * 2 : i];
        if (!*out)
            return;
        out++;
    }
    *out = '\0';
}

static void disk_read_uuid(const uint8_t *bytes, char out[37])
{
    for (int i = 0; i < 16; i++)
        out += sprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
}

/* FAT32 has its serial number and label at other offsets than FAT12 and FAT16. */
static void disk_identify_fat(const uint8_t *head, struct disk_identity *out)
{
    const uint8_t *serial = head + (memcmp(head + 82, "FAT32", 5) == 0 ? 67 : 39);
    size_t length;

    snprintf(out->uuid, sizeof(out->uuid), "%02X%02X-%02X%02X", serial[3], serial[2], serial[1], serial[0]);
    disk_read_label(serial + 4, 11, false, out->label);
    for (length = strlen(out->label); length && out->label[length - 1] == ' '; length--)
        out->label[length - 1] = '\0';
}

void disk_identify(const uint8_t *head, size_t length, struct disk_identity *out)
{
    *out = (struct disk_identity){.type = filesystem_type(head, length)};
    if (!out->type)
        return;
    if (strcmp(out->type, "vfat") == 0 && length >= FAT_HEAD)
        disk_identify_fat(head, out);
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        const struct place *p = &places[i];

        if (strcmp(p->type, out->type) != 0 || p->label + p->label_size > length || p->uuid + 16 > length)
            continue;
        disk_read_uuid(head + p->uuid, out->uuid);
        disk_read_label(head + p->label, p->label_size, p->is_wide, out->label);
    }
}

static bool disk_read_identity(const char *device, struct disk_identity *out)
{
    cleanup_free uint8_t *head = malloc(DISK_HEAD);
    cleanup_fd int fd = open(device, O_RDONLY | O_CLOEXEC);
    ssize_t n = head && fd >= 0 ? read_all(fd, head, DISK_HEAD) : -1;

    if (n < 0)
        return false;
    disk_identify(head, (size_t)n, out);
    return true;
}

/* Whether the device matches a specification. */
static bool disk_matches(const char *what, const char *device, struct disk_identity *out)
{
    if (!disk_read_identity(device, out))
        return false;
    if (starts_with(what, "LABEL="))
        return *out->label && strcmp(out->label, what + 6) == 0;
    if (starts_with(what, "UUID="))
        return *out->uuid && strcasecmp(out->uuid, what + 5) == 0;
    return strcmp(what, device) == 0;
}

/* Block devices are lines "major minor blocks name" of /proc/partitions, proc(5); a block has 1024 bytes. */
void disk_each(disk_fn *each, void *context)
{
    cleanup_free char *table = NULL;
    char *rest, *line;

    if (file_read(AT_FDCWD, "/proc/partitions", 1 << 20, &table, NULL) < 0)
        return;
    for (rest = table; (line = strsep(&rest, "\n"));) {
        char name[58], blocks[24], device[64];
        struct disk_identity id = {0};
        uint64_t size;

        if (!line_word(line, 3, name, sizeof(name)) || !line_word(line, 2, blocks, sizeof(blocks)) ||
            parse_uint64(blocks, 10, UINT64_MAX >> 10, &size) < 0)
            continue;
        snprintf(device, sizeof(device), "/dev/%s", name);
        (void)disk_read_identity(device, &id);
        each(context, device, size << 10, &id);
    }
}

static bool disk_find(const char *what, char device[64], struct disk_identity *out)
{
    cleanup_free char *table = NULL;
    char *rest, *line;

    if (starts_with(what, "/dev/")) {
        snprintf(device, 64, "%s", what);
        return disk_matches(what, device, out);
    }
    if (file_read(AT_FDCWD, "/proc/partitions", 1 << 20, &table, NULL) < 0)
        return false;
    for (rest = table; (line = strsep(&rest, "\n"));) {
        char name[58];

        if (!line_word(line, 3, name, sizeof(name)))
            continue;
        snprintf(device, 64, "/dev/%s", name);
        if (disk_matches(what, device, out))
            return true;
    }
    return false;
}

/* Check that the file system can store a root file system. */
static int disk_check(const char *device, const struct disk_identity *id, struct error *err)
{
    static const char *const read_only[] = {"squashfs", "erofs", "iso9660"};

    if (!id->type) {
        error_text(err, EINVAL, "cannot use %s: it does not contain a known file system", device);
        return error_remedy(err, "create one: ext4, xfs, btrfs or f2fs");
    }
    if (strcmp(id->type, "vfat") == 0 || strcmp(id->type, "exfat") == 0) {
        error_text(
            err, EINVAL,
            "cannot keep containers on %s: its file system, %s, does not support owners, modes and links",
            device, id->type);
        return error_remedy(err, "use a disk with ext4, xfs, btrfs or f2fs");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(read_only); i++)
        if (strcmp(id->type, read_only[i]) == 0)
            return error_text(err, EROFS, "cannot keep containers on %s: its file system, %s, is read-only",
                              device, id->type);
    return 0;
}

int disk_mount(const char *what, const char *target, struct error *err)
{
    const struct timespec pause = {0, 100000000};
    struct disk_identity id;
    char device[64];
    int r;

    if (!starts_with(what, "LABEL=") && !starts_with(what, "UUID=") && !starts_with(what, "/dev/")) {
        error_text(err, EINVAL, "lxc.data=%s does not name a disk", what);
        return error_remedy(err, "lxc.data=LABEL=NAME, UUID=ID, /dev/NAME or tmpfs");
    }
    for (int i = 0; !disk_find(what, device, &id); i++) {
        if (i == WAIT_TRIES) {
            error_text(err, ENODEV, "there is no disk %s", what);
            return error_remedy(err, "mkinitramfs -m adds the module of its controller");
        }
        nanosleep(&pause, NULL);
    }
    r = disk_check(device, &id, err);
    if (r == 0 && mount(device, target, id.type, MS_NOATIME, NULL) < 0) {
        r = error_set(err, errno, "cannot mount %s (%s) at %s", device, id.type, target);
        if (r == -ENODEV)
            error_remedy(err, "this kernel has no %s: add its module with mkinitramfs -m", id.type);
    }
    return r;
}
