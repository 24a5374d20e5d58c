/*
 * Requests to a running container's monitor, ours or stock LXC's. Each call opens a connection, sends one
 * request, receives the response and closes the connection; queries may share one, see struct
 * command_connection. All return a non-negative number on success, and a negative errno with `err` filled on
 * failure. -ENOTCONN: no process listens, that is, the container is not running. -EACCES: the container
 * belongs to another user, or the socket is held by a process that is not the container's monitor: a process
 * of a user other than root, our own user and the owner of the container's directory or of its lxcpath; a
 * process in another pid or user namespace; or a process in a container's cgroup. The type of received fds of
 * cgroups and terminals is checked.
 */
#ifndef LXCBOX_CORE_COMMAND_COMMAND_CLIENT_H
#define LXCBOX_CORE_COMMAND_COMMAND_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/config/container.h"
#include "core/command/protocol.h"

/*
 * A connection that is kept from one query to the next, for a caller that sends several: `connection` of its
 * struct container points to it. The process that answers is checked once for each connection, and again when
 * another process answers on it (the kernel reports the sender of each message). A monitor that closes a
 * connection after each answer, as those of stock LXC do, is connected to again. Only queries use it: what
 * changes a container, or needs a connection of its own, never does.
 */
struct command_connection {
    int fd;              /* -1: none yet */
    struct ucred sender; /* the process that was checked */
    size_t pending;      /* queries of command_config_items() that have been sent and not been answered yet */
};

#define COMMAND_CONNECTION_NONE                                                                              \
    {                                                                                                        \
        .fd = -1                                                                                             \
    }
#define cleanup_command_connection __attribute__((cleanup(command_connection_close)))

void command_connection_close(struct command_connection *connection);

/* The state; STATE_STOPPED when no process listens. */
int command_state(const struct container *c, struct error *err);

/*
 * Init's pid as the monitor reports it; *owner (may be NULL) is the monitor's user. The pid is not checked to
 * be one of the container's: see core/run/init.h.
 */
int command_init_pid(const struct container *c, uid_t *owner, struct error *err);

/* A pidfd of init, likewise, which the caller closes. -ENOSYS or -EBADF where the monitor has none. */
int command_init_pidfd(const struct container *c, uid_t *owner, struct error *err);

/*
 * Without a request: -EACCES with `err` filled when the command socket is held by a process of a user that
 * may not serve the container, else 0.
 */
int command_holder_check(const struct container *c, struct error *err);

/* CLONE_NEW* mask of the container's own namespaces. */
int command_clone_flags(const struct container *c, uint64_t *flags, struct error *err);

/*
 * The container's cgroup for a controller ("memory"; NULL: any, "unified" or "": v2), beneath the hierarchy's
 * root: "/lxc.payload.NAME". `limit`: the cgroup that has the limits, where lxc.cgroup.dir.container differs
 * from the inner one. The caller frees *path.
 */
int command_cgroup_path(const struct container *c, const char *controller, bool limit, char **path,
                        struct error *err);

/* A directory fd of the container's cgroup in every hierarchy, in the monitor's order. */
int command_cgroup_fds(const struct container *c, struct fd_list *fds, struct error *err);

/* A directory fd of the container's cgroup for one controller. */
int command_cgroup_fd(const struct container *c, const char *controller, bool limit, struct error *err);

/* The same for the v2 hierarchy of a host without v1 hierarchies; -EINVAL on any other host. */
int command_cgroup2_fd(const struct container *c, bool limit, struct error *err);

/*
 * Request that the monitor add a device rule. Only on a host with cgroup v2 alone: with cgroup v1 the rule is
 * written to devices.allow or devices.deny instead, and the monitor answers -EINVAL.
 */
struct device_rule;
int command_add_device(const struct container *c, const struct device_rule *rule, bool allow,
                       struct error *err);

/* Pass a seccomp listener to the monitor, which serves it as it does init's. -EINVAL where the monitor has no
 * proxy. */
int command_add_listener(const struct container *c, int listener, struct error *err);

/*
 * A key's value in the running container's configuration, which the caller frees. -ENOENT: the monitor
 * reports that the key is not set; after any other error the value is unknown.
 */
int command_config_item(const struct container *c, const char *key, char **value, struct error *err);

/*
 * The values of several keys; values[i] is NULL where the key is not set. On the kept connection of the
 * container, where there is one, all are asked for at once. 0, or a negative errno with `err` filled; the
 * caller frees the values in any case.
 */
int command_config_items(const struct container *c, const char *const *keys, size_t count, char **values,
                         struct error *err);

/*
 * Name and lxcpath behind a hashed address ("0123456789abcdef" of "lxc/0123456789abcdef/command"). The caller
 * frees them.
 */
int command_identity(const char *hash, char **name, char **lxcpath, struct error *err);

/* Kill the container: the monitor sends lxc.signal.stop (default: SIGKILL) to init. Returns when the monitor
 * has ended; -ENOTCONN when none was running. */
int command_stop(const struct container *c, struct error *err);

/*
 * Reserve a terminal of the container. *number in: 0 the console, N that tty, -1 any free tty; out: the
 * number of the reserved one. *terminal is the other end of its pty. Returns the connection; the terminal is
 * reserved until it is closed. -EBUSY when the terminal is in use or does not exist.
 */
int command_terminal(const struct container *c, int *number, int *terminal, struct error *err);

/* An fd of the container's devpts mount, to open ptys in it. */
int command_devpts_fd(const struct container *c, struct error *err);

/* The contents of the console's ring buffer; the caller frees *data. -ENODATA when the buffer is empty,
 * -EFAULT when there is no buffer. */
int command_console_log(const struct container *c, const struct console_log_request *request, char **data,
                        size_t *length, struct error *err);

/* Notify the monitor and lxc-monitor of a new state, which the client has caused (a freeze). */
int command_set_state(const struct container *c, enum container_state state, struct error *err);

/*
 * Subscribe to states: a bit (1u << STATE_X) in `states` for each state waited for. Returns the current state
 * when it is one of them (STATE_STOPPED also when no process listens), or STATE_COUNT with the connection in
 * *subscription: pass that to command_wait().
 * `next`: ignore the current state and wait for a change to one of them (RUNNING after a reboot).
 */
int command_subscribe(const struct container *c, unsigned states, bool next, int *subscription,
                      struct error *err);

/*
 * Wait for a state that was subscribed to. `timeout_ms` -1: without limit. Returns the state or -ETIMEDOUT.
 * STATE_STOPPED is returned also without a subscription to it, when the monitor has closed the connection.
 */
int command_wait(int subscription, int timeout_ms, struct error *err);

#endif
