/*
 * What a configuration says that has no effect here, or another than its author may think. None of it stops a
 * start: LXC accepts it. Keys of the other cgroup version are core/cgroup/limit.c's.
 */
#ifndef LXCBOX_CORE_MONITOR_START_WARNINGS_H
#define LXCBOX_CORE_MONITOR_START_WARNINGS_H

#include "core/config/config.h"

/* Log a warning that names file and line for lxc.arch of another machine, and for an address without a
 * prefix. */
void start_warn(const struct config *c);

#endif
