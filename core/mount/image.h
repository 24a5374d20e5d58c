/*
 * A file system in a file or on a block device, mounted by what its superblock says it is. A file goes
 * through a loop device, which the kernel frees with the mount.
 */
#ifndef LXCBOX_CORE_STORAGE_IMAGE_H
#define LXCBOX_CORE_STORAGE_IMAGE_H

#include <stdint.h>

#include "core/base/error.h"

/*
 * Make a file of this size, which takes up only what is written, and have mkfs.TYPE (mkfs(8)) of the host
 * make a file system in it. -ENOENT where that program is not there; -EEXIST.
 */
int image_create(const char *path, uint64_t size_bytes, const char *type, struct error *err);

/*
 * Mount it on the folder `target`. `flags` are MS_* of mount(2); read-only also where nothing else can be.
 * `data` may be NULL.
 */
int image_mount(const char *path, const char *target, unsigned long flags, const char *data,
                struct error *err);

/* The same as a detached tree (core/mount/tree.h): an fd. */
int image_tree(const char *path, unsigned long flags, const char *data, struct error *err);

#endif
