/*
 * What a kernel that has just started lacks: mounts, nodes, cgroups. For init, which is alone then.
 */
#ifndef LXCBOX_CORE_BOOT_SYSTEM_H
#define LXCBOX_CORE_BOOT_SYSTEM_H

#include <stdbool.h>

#include "core/base/error.h"

/*
 * Mount /proc, /sys, /dev, /dev/pts, /dev/shm, /run and /tmp, and have standard fds on the console. What is
 * mounted already is left. First the root is put on top of itself: the initial ramfs cannot be pivoted
 * (pivot_root(2)), a mount on it can, so that containers leave it as they leave any host's root. 0 or a
 * negative errno with `err` filled.
 */
int system_mount(struct error *err);

/*
 * Mount cgroups at /sys/fs/cgroup: v2, or where the kernel has none v1; or v1 alone with a hierarchy for each
 * controller that is not disabled. 0 or a negative errno with `err` filled.
 */
int system_mount_cgroups(bool v1, struct error *err);

/* Write back and unmount what `path` is a mount of, or at least make it read-only. 0 or a negative errno. */
int system_unmount(const char *path);

#endif
