/* Restoring a container from a checkpoint (core/run/checkpoint.h) with criu(8). */
#ifndef LXCBOX_CORE_MONITOR_RESTORE_H
#define LXCBOX_CORE_MONITOR_RESTORE_H

#include "core/base/error.h"

struct monitor;

/*
 * The function for start_options.restore. Runs in the monitor instead of spawn(): criu creates the processes
 * of m->options->checkpoint in the existing cgroups and creates the interfaces of the container; the restored
 * init becomes m->init. The console is a pty of the host. 0 or a negative errno with `err` filled; -ENOENT if
 * there is no checkpoint.
 */
int checkpoint_restore(struct monitor *m, struct error *err);

#endif
