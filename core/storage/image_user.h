/*
 * The user that an image wants its program to run as. Source: OCI image specification 1.1, config.md, "User":
 * USER or UID, USER:GROUP and so on; passwd(5), group(5).
 */
#ifndef LXCBOX_CORE_STORAGE_IMAGE_USER_H
#define LXCBOX_CORE_STORAGE_IMAGE_USER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define IMAGE_USER_GROUPS 64

struct image_user {
    uint32_t uid, gid;
    uint32_t groups[IMAGE_USER_GROUPS]; /* supplementary */
    size_t group_count;
    char *home; /* from passwd; "/" without an account. Owned. */
};

/*
 * Find `user` in the texts of an image's /etc/passwd and /etc/group (terminated; "" for a file that is
 * missing). NULL or "" is root. Supplementary groups are those of the name, and none if a group is given.
 * Returns 0 or a negative errno with `err` filled: -ENOENT for a name that does not exist, -ERANGE for a
 * number that is not below 2^32 - 1, -E2BIG for more groups, -ENOMEM.
 */
int image_user_find(const char *user, const char *passwd, const char *group, struct image_user *out,
                    struct error *err);

/* The same with the files of a rootfs, which must be regular files of at most a megabyte. */
int image_user_read(const char *user, int rootfs_fd, struct image_user *out, struct error *err);

#endif
