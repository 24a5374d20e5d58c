/*
 * Starting a container: the call behind lxc-start and lxc-execute. Source: lxc-start(1).
 *
 * All or nothing: a start that fails removes everything that it made on the host. The container's init does
 * not outlive its monitor (unless lxc.monitor.signal.pdeath is set so), and a container that has not fully
 * started does not outlive the caller.
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
    bool foreground;      /* the caller's process becomes the monitor, its terminal the console */
    bool close_inherited; /* also in the foreground: close the fds that the caller inherited */
    int (*restore)(struct monitor *m, struct error *err); /* not started but restored; NULL: started */
    const struct checkpoint_options *checkpoint;          /* what is restored, until the container reboots */
    int (*remove)(const struct container *c,
                  struct error *err); /* lxc.ephemeral: container_remove_ephemeral() */
    int *ended_status;   /* in the background: gets init's exit status where that ended in its first moments,
                            else   -1; NULL: not wanted */
    const char *pidfile; /* receives the monitor's pid; removed at the end; NULL: none */
};

/* What the monitor sends to lxc-start. */
struct start_report {
    struct error error; /* code 0: the container has started */
    int ended_status;   /* as above */
};

/*
 * Start it. Daemon: returns 0 once the container is RUNNING. Foreground: returns when it has ended, with
 * init's exit status, 128 + signal where a signal ended it. A negative errno with `err` filled where it did
 * not start; -EALREADY when it is running already. The config must outlive the call; the calling process must
 * have one thread.
 */
int container_start(const struct container *c, struct config *config, const struct start_options *options,
                    struct error *err);

#endif
