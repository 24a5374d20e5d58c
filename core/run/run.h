/*
 * Operations on a running container from outside.
 *
 *     attach.h            running a command in it: lxc-attach
 *     passwd.h            the login shell of a user inside
 *     init.h              finding its first process, also if the pid is used again
 *     init_signals.h      the effect of a signal on that process
 *     stop.h              ending it
 *     freeze.h            suspending it
 *     checkpoint.h        writing the state of its processes to files
 *     criu.h              the command line of criu
 *     device.h            adding a device or a network interface
 *
 * A running container is found through its command socket (core/command). core/monitor/start.h starts one.
 */
#ifndef LXCBOX_CORE_RUN_RUN_H
#define LXCBOX_CORE_RUN_RUN_H
#endif
