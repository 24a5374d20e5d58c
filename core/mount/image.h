/*
 * Mounting a file system in a file or on a block device; its type is read from the superblock. A file is
 * mounted through a loop device, which the kernel releases with the mount.
 */
#ifndef LXCBOX_CORE_MOUNT_IMAGE_H
#define LXCBOX_CORE_MOUNT_IMAGE_H

#include <stdint.h>

#include "core/base/error.h"

/*
 * Create a sparse file of this size, and a file system in it with mkfs.TYPE (mkfs(8)) of the host. -ENOENT if
 * that program does not exist; -EEXIST.
 */
int image_create(const char *path, uint64_t size_bytes, const char *type, struct error *err);

/*
 * Mount the image on the directory `target`. `flags` are MS_* of mount(2); the mount is also read-only if the
 * image or file system is. `data` may be NULL.
 */
int image_mount(const char *path, const char *target, unsigned long flags, const char *data,
                struct error *err);

/* The same as a detached tree (core/mount/tree.h): an fd. */
int image_tree(const char *path, unsigned long flags, const char *data, struct error *err);

#endif
