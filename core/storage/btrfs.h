/*
 * Subvolumes, by the kernel's own calls. Source: linux/btrfs.h, btrfs-ioctl(2).
 */
#ifndef LXCBOX_CORE_STORAGE_BTRFS_H
#define LXCBOX_CORE_STORAGE_BTRFS_H

#include <stdbool.h>

/* Make an empty subvolume dirfd/name. 0 or a negative errno; -ENOTTY where that is not on btrfs. */
int btrfs_subvolume_create(int dirfd, const char *name);

/* Make dirfd/name a writable snapshot of the subvolume that `source` is open at. 0 or a negative errno;
 * -EINVAL or -ENOTTY for what is no subvolume, -EXDEV for one of another file system. */
int btrfs_subvolume_snapshot(int source, int dirfd, const char *name);

/* Whether `fd` is the root of a subvolume. */
bool btrfs_is_subvolume(int fd);

#endif
