#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "fetch/unpack/unpack_tree.h"
#include "core/base/bytes.h"

int unpack_map_id(const struct unpack_id_range *ranges, size_t count, int64_t id, uint32_t *out)
{
    if (id < 0 || id >= UINT32_MAX)
        return -ENOENT;
    *out = (uint32_t)id;
    for (size_t i = 0; i < count; i++) {
        if (*out >= ranges[i].inside && *out - ranges[i].inside < ranges[i].count) {
            *out = ranges[i].outside + (*out - ranges[i].inside);
            return 0;
        }
    }
    return count ? -ENOENT : 0;
}

/*
 * In a container with mapped ids, file capabilities need the id of its root: capabilities(7), "Namespaced
 * file capabilities". The formats are version 2 (20 bytes), and version 3, with the id of the root at the end
 * (24 bytes).
 */
static int xattr_map_capability(const struct unpack_options *o, const unsigned char *value, size_t *length,
                                unsigned char *out)
{
    uint32_t magic, root;

    if (*length != XATTR_CAPS_SZ_2 && *length != XATTR_CAPS_SZ_3)
        return -EINVAL;
    memcpy(out, value, *length);
    magic = read_le32(value);
    if ((magic & VFS_CAP_REVISION_MASK) !=
        (*length == XATTR_CAPS_SZ_2 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3))
        return -EINVAL;
    if (!o->uid_count)
        return 1;
    if (unpack_map_id(o->uids, o->uid_count, 0, &root) < 0)
        return 0;
    write_le32(out, (magic & ~(uint32_t)VFS_CAP_REVISION_MASK) | VFS_CAP_REVISION_3);
    write_le32(out + XATTR_CAPS_SZ_2, root);
    *length = XATTR_CAPS_SZ_3;
    return 1;
}

/* acl(5); linux/posix_acl_xattr.h: a version, then entries of a tag and permissions (16 bits each) and an id.
 */
static int xattr_map_acl(const struct unpack_options *o, const unsigned char *value, size_t length,
                         unsigned char *out)
{
    enum { USER = 0x02, GROUP = 0x08, HEADER = 4, ENTRY = 8 };

    if (length < HEADER || (length - HEADER) % ENTRY || read_le32(value) != 2)
        return -EINVAL;
    memcpy(out, value, length);
    for (size_t at = HEADER; at < length; at += ENTRY) {
        uint32_t tag = read_le32(out + at) & 0xffff, id = read_le32(out + at + 4);
        const struct unpack_id_range *ranges = tag == USER ? o->uids : o->gids;

        if (tag != USER && tag != GROUP)
            continue;
        if (unpack_map_id(ranges, tag == USER ? o->uid_count : o->gid_count, id, &id) < 0)
            return -EOVERFLOW;
        write_le32(out + at + 4, id);
    }
    return 1;
}

int unpack_map_xattr(const struct unpack_options *o, const char *name, const void *value, size_t *length,
                     void *out)
{
    if (strncmp(name, "user.", 5) == 0) {
        memcpy(out, value, *length);
        return 1;
    }
    if (strcmp(name, "security.capability") == 0)
        return xattr_map_capability(o, value, length, out);
    if (strcmp(name, "system.posix_acl_access") == 0 || strcmp(name, "system.posix_acl_default") == 0)
        return xattr_map_acl(o, value, *length, out);
    return 0;
}
