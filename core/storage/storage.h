/*
 * Functions for container files on disk, shared by the commands that create, copy and remove containers.
 */
#ifndef LXCBOX_CORE_STORAGE_STORAGE_H
#define LXCBOX_CORE_STORAGE_STORAGE_H

#include "core/base/error.h"
#include "core/config/container.h"

/* The directory beside a rootfs with the volumes of its image (template_oci.h). */
#define STORAGE_VOLUMES "volumes"

/* Add a remedy if `err` reports a full or read-only file system. Returns err->code. */
int storage_remedy(struct error *err);

/*
 * Returns -EBUSY, with the mount point in `err`, if there is a mount at `path` or below it in this mount
 * namespace, also if that is seen at another path only (the directory is below a bind mount); `except` is a
 * mount point to ignore, or NULL. Returns 0 if there is none, or `path` does not exist.
 */
int storage_check_unmounted(const char *path, const char *except, struct error *err);

/*
 * Remove the tree dirfd/name (or a path, with AT_FDCWD) of any depth, with btrfs subvolumes in it, without
 * following symbolic links or entering other mounts. A missing name is not an error. Returns 0, or a negative
 * errno with `err` filled (-EBUSY: there is a mount inside, and nothing has been removed).
 */
int storage_remove_tree(int dirfd, const char *name, struct error *err);

/* Rename without replacing an existing file (-EEXIST). If the file system does not support that, check first,
 * then rename. Returns 0 or a negative errno. */
int storage_rename(int from_dirfd, const char *from, int to_dirfd, const char *to);

#endif
