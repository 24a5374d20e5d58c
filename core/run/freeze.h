/*
 * Freezing and thawing a running container: all its processes at once, by cgroup. On a host with cgroup v2
 * alone the monitor does it; elsewhere we write its freezer cgroup (v1) ourselves and tell the monitor.
 * Source: the kernel's cgroup-v1/freezer-subsystem.rst and cgroup-v2.rst, "cgroup.freeze".
 */
#ifndef LXCBOX_CORE_RUN_FREEZE_H
#define LXCBOX_CORE_RUN_FREEZE_H

#include <stdbool.h>

#include "core/config/container.h"

/*
 * Freeze (or thaw) and wait until it is done. 0 also when it was so already; -ENOTCONN: not running;
 * -ETIMEDOUT: after CGROUP_FREEZE_MS some process had not frozen, and all run again.
 */
int container_freeze(const struct container *c, bool freeze, struct error *err);

#endif
