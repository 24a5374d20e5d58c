/*
 * Warnings about settings that have no effect on this host, or another effect than the author may expect.
 * None of them stops a start, as LXC accepts them. core/cgroup/limit.c warns of keys of the other cgroup
 * version.
 */
#ifndef LXCBOX_CORE_MONITOR_START_WARNINGS_H
#define LXCBOX_CORE_MONITOR_START_WARNINGS_H

#include "core/config/config.h"

/* Log a warning that names file and line for lxc.arch of another machine, and for an address without a
 * prefix. */
void start_warn(const struct config *c);

#endif
