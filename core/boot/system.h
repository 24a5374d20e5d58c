/*
 * Basic mounts, device nodes and cgroups for a newly started kernel. Called by init, when it is the only
 * process.
 */
#ifndef LXCBOX_CORE_BOOT_SYSTEM_H
#define LXCBOX_CORE_BOOT_SYSTEM_H

#include <stdbool.h>

#include "core/base/error.h"

/*
 * Mount /proc, /sys, /dev, /dev/pts, /dev/shm, /run and /tmp, and open the console as the standard fds.
 * Existing mounts are kept. First, the root directory is bind-mounted to itself: pivot_root(2) does not work
 * on the initial ramfs, but on a mount over it, so that containers can leave it like the root of any host. 0
 * or a negative errno with `err` filled.
 */
int system_mount(struct error *err);

/*
 * Mount cgroups on /sys/fs/cgroup: v2, or v1 if the kernel has no v2; or only v1, with a hierarchy for each
 * enabled controller. 0 or a negative errno with `err` filled.
 */
int system_mount_cgroups(bool v1, struct error *err);

/*
 * Sync and unmount the file system mounted on `path`, or at least make it read-only. 0 or a negative errno.
 */
int system_unmount(const char *path);

#endif
