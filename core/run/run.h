/*
 * Operations on a running container from outside.
 *
 *     attach.h            running a command in it: lxc-attach
 *     init.h              finding its first process, without confusing it with a later process of the same
 * pid init_signals.h      the effect of a signal on that process stop.h, freeze.h    ending and suspending it
 *     checkpoint.h        writing the state of its processes to files; criu.h: criu's command line
 *     device.h            adding a device or a network interface
 *
 * A running container is found through its command socket (core/command). core/monitor/start.h starts one.
 */
#ifndef LXCBOX_CORE_RUN_RUN_H
#define LXCBOX_CORE_RUN_RUN_H
#endif
