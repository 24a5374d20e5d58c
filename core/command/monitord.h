/*
 * Who follows the states of all containers beneath an lxcpath, as lxc-monitor does, hears of them by a FIFO
 * that each container's monitor writes to, RUNDIR/lxc/LXCPATH/monitor-fifo. Whoever reads it hands the
 * messages on to the connections of an abstract socket; there is one such process for an lxcpath, LXC's
 * lxc-monitord or ours, and either serves LXC's lxc-monitor and ours. Source: LXC's monitor.c and
 * lxc_monitord.c.
 */
#ifndef LXCBOX_CORE_RUN_MONITORD_H
#define LXCBOX_CORE_RUN_MONITORD_H

#include "core/config/container.h"
#include "core/command/protocol.h"

/* Tell whoever follows: nothing where nobody does. `type` and `value` are struct state_message's. */
void monitord_tell(const struct container *c, int type, int value);

/*
 * A connection on which a struct state_message comes for each change, starting the process that hands them on
 * where none runs; that ends with its last connection. The fd or a negative errno with `err` filled.
 */
int monitord_open(const char *lxcpath, struct error *err);

/* Have that process end. -ECONNREFUSED where there is none. */
int monitord_quit(const char *lxcpath, struct error *err);

#endif
