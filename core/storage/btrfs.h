/*
 * Btrfs subvolumes, by ioctl(2). Source: linux/btrfs.h, btrfs-ioctl(2).
 */
#ifndef LXCBOX_CORE_STORAGE_BTRFS_H
#define LXCBOX_CORE_STORAGE_BTRFS_H

#include <stdbool.h>

/* Create an empty subvolume dirfd/name. Returns 0 or a negative errno; -ENOTTY if it is not on btrfs. */
int btrfs_subvolume_create(int dirfd, const char *name);

/* Create dirfd/name as a writable snapshot of the open subvolume `source`. Returns 0 or a negative errno;
 * -EINVAL or -ENOTTY if `source` is not a subvolume, -EXDEV if it is on another file system. */
int btrfs_subvolume_snapshot(int source, int dirfd, const char *name);

/* Whether `fd` is the root of a subvolume. */
bool btrfs_is_subvolume(int fd);

#endif
