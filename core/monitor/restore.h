/* Making a container again from a checkpoint (core/run/checkpoint.h), with criu(8). */
#ifndef LXCBOX_CORE_MONITOR_RESTORE_H
#define LXCBOX_CORE_MONITOR_RESTORE_H

#include "core/base/error.h"

struct monitor;

/*
 * The function for start_options.restore: in the monitor, in place of starting a child, have criu make the
 * processes of m->options->checkpoint, in the cgroups that are there, and take them over. The container's
 * interfaces are made by criu, its console is a pty of the host's. 0 or a negative errno with `err` filled:
 * -ENOENT where there is no checkpoint.
 */
int checkpoint_restore(struct monitor *m, struct error *err);

#endif
