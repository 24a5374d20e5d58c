/*
 * What is done to a running container from outside.
 *
 *     attach.h            running a command in it: lxc-attach
 *     init.h              finding its first process, and nothing else under that process id
 *     stop.h, freeze.h    ending and suspending it
 *     checkpoint.h        writing its processes to files; criu.h: criu's command line
 *     device.h            giving it a device or an interface
 *
 * A running container is found through its command socket (core/command); starting it is
 * core/monitor/start.h.
 */
#ifndef LXCBOX_CORE_RUN_RUN_H
#define LXCBOX_CORE_RUN_RUN_H
#endif
