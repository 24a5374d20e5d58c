/*
 * The broadcaster: a process that sends the changes of state of all containers beneath an lxcpath to its
 * clients, such as lxc-monitor. The monitor of each container writes a struct state_message to the FIFO
 * RUNDIR/lxc/LXCPATH/monitor-fifo; the broadcaster reads the FIFO and sends each message to every connection
 * of an abstract socket. There is one broadcaster for an lxcpath, LXC's lxc-monitord or ours; both serve
 * LXC's lxc-monitor and ours. Source: LXC's monitor.c and lxc_monitord.c.
 */
#ifndef LXCBOX_CORE_COMMAND_MONITORD_H
#define LXCBOX_CORE_COMMAND_MONITORD_H

#include "core/config/container.h"
#include "core/command/protocol.h"

/* Notify the broadcaster, if one runs. `type` and `value` are those of struct state_message. */
void monitord_notify(const struct container *c, int type, int value);

/*
 * Connect to the broadcaster, and start one where none runs; it ends with its last connection. A struct
 * state_message is received for each change. Returns the fd, or a negative errno with `err` filled.
 */
int monitord_open(const char *lxcpath, struct error *err);

/* Ask the broadcaster to end. -ECONNREFUSED where none runs. */
int monitord_quit(const char *lxcpath, struct error *err);

#endif
