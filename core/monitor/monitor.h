/*
 * The monitor: one small process for each running container. It starts the container's init, answers requests
 * on the command socket, relays the console, and releases every resource of the host when init ends.
 *
 *     start.h                 container_start(): checks, then a daemon process that becomes the monitor
 *     monitor.h               monitor_run(): command socket, signals, event loop
 *     launch.h                launch() and teardown(): one start of the container and its end
 *     command_server.h        the server side of the command socket; command_requests.h: the answers
 *     console.h               the console: log, ring buffer, terminal of the user, lxc-console
 *     seccomp_notify.h        system calls that a program outside answers
 *     restore.h               a start from a checkpoint
 *     last_run.h              what is kept of the last run, for lxc-logs and lxc-info
 */
#ifndef LXCBOX_CORE_MONITOR_MONITOR_H
#define LXCBOX_CORE_MONITOR_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/loop.h"
#include "core/config/config.h"
#include "core/config/container.h"
#include "core/confine/apparmor.h"
#include "core/monitor/command_server.h"
#include "core/monitor/console.h"
#include "core/namespace/namespace.h"
#include "core/links/network.h"
#include "core/links/network_lease.h"
#include "core/monitor/seccomp_notify.h"
#include "core/monitor/start.h"
#include "core/spawn/spawn.h"

struct cgroup; /* core/cgroup/cgroup.h */

struct monitor {
    const struct container *container;
    struct config *config;
    const struct start_options *options;
    enum container_state state; /* change it by monitor_set_state() */

    struct spawned init;                /* init.console has moved to console.pty */
    bool restored;                      /* from a checkpoint; a reboot then starts normally */
    int init_status;                    /* as in waitpid(2); valid when init.pid is 0 again */
    uint64_t clone_flags;               /* CLONE_NEW* mask of the new namespaces of init */
    int namespace_fds[NAMESPACE_KINDS]; /* of init, for hooks; -1: not open */
    struct cgroup *cgroup;              /* NULL: none yet */
    char *kept_path; /* where the console's last output is kept (core/monitor/last_run.h) */
    struct console console;
    struct apparmor apparmor;
    struct network_state network;
    struct network_leases leases;
    struct seccomp_notifier notifier;
    struct state_clients state_clients;

    struct loop loop;
    int listening; /* the command socket */
    int refused;   /* the last refused connection, see command_server_accept(); -1: none */
    unsigned connections;
    struct loop_timer accept_again; /* set while there is no fd for a connection */
    bool killed;                    /* at a client's request: init's end is not that of a reboot */
};

#define MONITOR_INIT                                                                                         \
    {                                                                                                        \
        .init = SPAWNED_INIT, .namespace_fds = {-1, -1, -1, -1, -1, -1, -1, -1}, .console = CONSOLE_NONE,    \
        .network = NETWORK_STATE_INIT, .notifier = SECCOMP_NOTIFIER_INIT, .loop = LOOP_INIT,                 \
        .listening = -1, .refused = -1                                                                       \
    }

/*
 * Run a container from its start to its end, and again for as long as it reboots. Once it has started, a
 * struct start_report without an error is sent to `report` (the socket of the waiting lxc-start, -1: none),
 * which is then closed. Returns init's exit status (128 + signal if a signal ended it), or a negative errno
 * with `err` filled if it did not start. All resources of the host are released when it returns.
 *
 * `ended` (NULL: nothing) is called after a started container has ended and its command socket is free, but
 * before the clients that wait for the end are notified.
 */
int monitor_run(const struct container *c, struct config *config, const struct start_options *options,
                int (*ended)(const struct container *c, struct error *err), int *report, struct error *err);

/* Change the state and notify the clients that wait for it. THAWED is notified as such and kept as RUNNING.
 */
void monitor_set_state(struct monitor *m, enum container_state state);

/* The same if a client has changed the state: that client notifies lxc-monitor (core/command/monitord.h). */
void monitor_note_state(struct monitor *m, enum container_state state);

/* Release what a connection has taken: a tty, the console, a subscription to states. */
void monitor_release(struct monitor *m, int connection);

/* Send init a signal. 0, -ESRCH when it has ended, or another negative errno. */
int monitor_signal(struct monitor *m, int signal);

#endif
