/*
 * Freezing and thawing a running container: all its processes at once, by cgroup. The client
 * writes the container's cgroup v2, or its freezer cgroup on a host with v1, and tells the monitor the state:
 * the monitors of stock LXC do not find it out, and a monitor that waits serves nobody.
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
