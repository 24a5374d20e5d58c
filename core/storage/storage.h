/*
 * What the commands that make, copy and remove containers share: files of a container on disk.
 */
#ifndef LXCBOX_CORE_STORAGE_STORAGE_H
#define LXCBOX_CORE_STORAGE_STORAGE_H

#include "core/base/error.h"
#include "core/config/container.h"

/* Add what helps where the error in `err` is one of room or of a file system that cannot be written. Returns
 * err->code. */
int storage_remedy(struct error *err);

/*
 * -EBUSY with the mount point in `err` where something is mounted on `path` or beneath it in this mount
 * namespace; `except` is a mount point that does not count, or NULL. 0 where nothing is, also where there is
 * no such path.
 */
int storage_check_unmounted(const char *path, const char *except, struct error *err);

/*
 * Remove a tree beneath dirfd (AT_FDCWD serves a path), however deep, without following links or crossing
 * into other mounts; btrfs subvolumes inside go too. A missing name is success. 0 or a negative errno with
 * `err` filled (-EBUSY where something is mounted inside: then nothing is removed).
 */
int storage_remove_tree(int dirfd, const char *name, struct error *err);

/* Rename without replacing (-EEXIST). Where the file system has no such rename: look, then rename. 0 or a
 * negative errno. */
int storage_rename(int from_dirfd, const char *from, int to_dirfd, const char *to);

#endif
