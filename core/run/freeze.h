/*
 * Freezing and thawing a running container: all its processes at once, by cgroup. The client writes to the
 * container's v2 cgroup, or to its freezer cgroup on a host with v1, and sends the new state to the monitor:
 * the monitors of stock LXC do not detect it, and a monitor that waited for it could not serve clients.
 * Source: the kernel's cgroup-v1/freezer-subsystem.rst and cgroup-v2.rst, "cgroup.freeze".
 */
#ifndef LXCBOX_CORE_RUN_FREEZE_H
#define LXCBOX_CORE_RUN_FREEZE_H

#include <stdbool.h>

#include "core/config/container.h"

/*
 * Freeze (or thaw) the container and wait for completion. 0 also when it was in that state already;
 * -ENOTCONN: not running; -ETIMEDOUT: after CGROUP_FREEZE_MS some process was not frozen; all were thawed.
 */
int container_freeze(const struct container *c, bool freeze, struct error *err);

/*
 * If the container is frozen, pass a line to `report` (NULL: none) and wait until it is thawed: a process
 * that entered its cgroups before would be frozen, too, and could not even be interrupted. Returns 0, also
 * where the state cannot be read; -ENOTCONN if the container has stopped meanwhile.
 */
int container_wait_thawed(const struct container *c, void (*report)(const char *line), struct error *err);

#endif
