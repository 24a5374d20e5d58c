/*
 * Starting a container: the call behind lxc-start and lxc-execute. Source: lxc-start(1).
 *
 * All or nothing: a start that fails removes everything that it made on the host. The container's init does
 * not outlive its monitor (unless lxc.monitor.signal.pdeath says otherwise), and a container that has not
 * fully started does not outlive the caller.
 */
#ifndef LXCBOX_CORE_MONITOR_START_H
#define LXCBOX_CORE_MONITOR_START_H

#include <stdbool.h>

#include "core/config/config.h"
#include "core/config/container.h"
#include "core/namespace/namespace.h"

struct checkpoint_options;
struct monitor;

struct start_options {
    char **argv;          /* what to run as init, NULL at the end; NULL: lxc.init.cmd, else /sbin/init */
    bool execute;         /* lxc-execute: our own small init runs argv (NULL: lxc.execute.cmd) */
    bool forward;         /* that init passes every signal on to argv, and ends with it */
    bool foreground;      /* the caller's process becomes the monitor, its terminal the console */
    bool streams;         /* in the foreground: pipes and files among the standard streams are the command's;
                             `execute` implies it */
    int lifeline;         /* an fd: at its end of file, the container is killed. 0: none */
    bool close_inherited; /* also in the foreground: close the fds that the caller inherited */
    int (*restore)(struct monitor *m, struct error *err); /* restore instead of starting; NULL: start */
    const struct checkpoint_options *checkpoint;          /* what to restore; a reboot then starts normally */
    int (*remove)(const struct container *c,
                  struct error *err); /* lxc.ephemeral: container_remove_ephemeral() */
    int *ended_status;   /* in the background: receives the exit status of an init that ended in its
                            first moments, else -1; NULL: not wanted */
    const char *pidfile; /* receives the monitor's pid; removed at the end; NULL: none */
};

/* What the monitor sends to lxc-start. */
struct start_report {
    struct error error; /* code 0: the container has started */
    int ended_status;   /* as above */
};

/*
 * Start it. Daemon: returns 0 once the container is RUNNING. Foreground: returns when it has ended, with
 * init's exit status, 128 + signal if a signal ended it. A negative errno with `err` filled if it did not
 * start; -EALREADY if it is already running. The config must outlive the call. The calling process must be
 * single-threaded.
 */
int container_start(const struct container *c, struct config *config, const struct start_options *options,
                    struct error *err);

#endif
