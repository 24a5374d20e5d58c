#include "core/storage/btrfs.h"
#include "core/base/file.h"

#include <errno.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

int btrfs_subvolume_create(int dirfd, const char *name)
{
    struct btrfs_ioctl_vol_args_v2 args = {0};
    int n = snprintf(args.name, sizeof(args.name), "%s", name);

    if (n < 0 || (size_t)n >= sizeof(args.name))
        return -ENAMETOOLONG;
    return file_control(dirfd, BTRFS_IOC_SUBVOL_CREATE_V2, (uintptr_t)&args);
}

int btrfs_subvolume_snapshot(int source, int dirfd, const char *name)
{
    struct btrfs_ioctl_vol_args_v2 args = {.fd = source};
    int n = snprintf(args.name, sizeof(args.name), "%s", name);

    if (n < 0 || (size_t)n >= sizeof(args.name))
        return -ENAMETOOLONG;
    return file_control(dirfd, BTRFS_IOC_SNAP_CREATE_V2, (uintptr_t)&args);
}

bool btrfs_is_subvolume(int fd)
{
    struct statfs fs;
    struct stat st;

    return fstatfs(fd, &fs) == 0 && fs.f_type == BTRFS_SUPER_MAGIC && fstat(fd, &st) == 0 &&
           st.st_ino == BTRFS_FIRST_FREE_OBJECTID;
}
