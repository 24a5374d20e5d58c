/*
 * The monitor: one small process for each running container. It starts the container's init, answers the
 * command socket, relays the console, and gives everything back when init ends.
 *
 * The event loop (monitor.c) watches fds; nothing else in the program reads them.
 */
#ifndef LXCBOX_CORE_RUN_MONITOR_H
#define LXCBOX_CORE_RUN_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/config/config.h"
#include "core/container.h"
#include "core/run/command_server.h"
#include "core/run/console.h"
#include "core/run/namespace.h"
#include "core/run/terminal.h"

struct cgroup; /* core/run/cgroup.h */

/* What became readable. */
enum watch {
    WATCH_INIT,          /* pidfd: init has ended */
    WATCH_SIGNAL,        /* signalfd */
    WATCH_LISTENING,     /* the command socket */
    WATCH_CONNECTION,    /* a client of the command socket */
    WATCH_CONSOLE,       /* output of the container */
    WATCH_CONSOLE_INPUT, /* keys of the person in front of lxc-start -F */
    WATCH_CONSOLE_PROXY, /* keys of lxc-console's person */
    WATCH_STARTER,       /* the waiting lxc-start */
    WATCH_CHILD,         /* the sync socket, while starting */
};

struct monitor {
    const struct container *container;
    struct config *config;
    enum container_state state; /* change it by monitor_set_state() */

    pid_t init_pid;        /* 0: none yet */
    int init_pidfd;        /* -1: none yet */
    uint64_t clone_flags;  /* CLONE_NEW* mask of the namespaces of init's own */
    struct cgroup *cgroup; /* NULL: none yet */
    int devpts_fd;         /* of the container's devpts mount; -1: it has none of its own */
    struct terminals ttys;
    struct console console;
    struct state_clients state_clients;

    int epoll;
    int listening; /* the command socket */
    int signal;    /* signalfd */
    int starter;   /* lxc-start's end of the report socket; -1: it has been told */
};

/* Change the state and tell the clients that wait for it. Thawed is told as such and kept as running. */
void monitor_set_state(struct monitor *m, enum container_state state);

/* Watch an fd for input and hang-up; stop watching it (before it is closed). 0 or a negative errno. */
int monitor_watch(struct monitor *m, int fd, enum watch what);
void monitor_unwatch(struct monitor *m, int fd);

/* Give back whatever a connection holds: a tty, the console, a subscription to states. */
void monitor_release(struct monitor *m, int connection);

/* Send init a signal. 0, -ESRCH when it has ended, or another negative errno. */
int monitor_signal(struct monitor *m, int signal);

#endif
