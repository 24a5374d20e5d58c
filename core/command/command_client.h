/*
 * Asking a running container's monitor, ours or stock LXC's. Each call is one connection: request, response,
 * closed. All return a non-negative number on success and a negative errno with `err` filled on failure;
 * -ENOTCONN says that nobody listens, that is, the container is not running. -EACCES: it is another user's,
 * or the socket is held by a process that is not the container's monitor: one of a user other than root,
 * ourselves and the owner of the container's directory or of its lxcpath, one in another pid or user
 * namespace, or one in a container's cgroup. fds of cgroups and terminals are checked to be that.
 */
#ifndef LXCBOX_CORE_RUN_COMMAND_CLIENT_H
#define LXCBOX_CORE_RUN_COMMAND_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/config/container.h"
#include "core/command/protocol.h"

/* The state, STATE_STOPPED when nobody listens. */
int command_state(const struct container *c, struct error *err);

/*
 * Init's pid as the monitor sees it; *owner (may be NULL) is the monitor's user. Nothing says here that the
 * process is the container's: see core/run/init.h.
 */
int command_init_pid(const struct container *c, uid_t *owner, struct error *err);

/* A pidfd of init, the caller's to close, likewise. -ENOSYS or -EBADF where the monitor has none. */
int command_init_pidfd(const struct container *c, uid_t *owner, struct error *err);

/*
 * Without a request: -EACCES with `err` filled when the command socket is held by a user who may not serve
 * the container, else 0.
 */
int command_holder_check(const struct container *c, struct error *err);

/* CLONE_NEW* mask of the namespaces that the container has of its own. */
int command_clone_flags(const struct container *c, uint64_t *flags, struct error *err);

/*
 * The container's cgroup for a controller ("memory"; NULL: any, "unified" or "": v2), beneath the hierarchy's
 * root: "/lxc.payload.NAME". `limit`: the one that carries the limits, where lxc.cgroup.dir.container differs
 * from the inner one. The caller frees it.
 */
int command_cgroup_path(const struct container *c, const char *controller, bool limit, char **path,
                        struct error *err);

/* A directory fd of the container's cgroup in every hierarchy, in the monitor's order. */
int command_cgroup_fds(const struct container *c, struct fd_list *fds, struct error *err);

/* A directory fd of the container's cgroup for one controller. */
int command_cgroup_fd(const struct container *c, const char *controller, bool limit, struct error *err);

/* The same for the v2 tree of a host that has no other; -EINVAL on any other host. */
int command_cgroup2_fd(const struct container *c, bool limit, struct error *err);

/*
 * Have the monitor add a device rule on a host with cgroup v2 alone; on any other it is written to
 * devices.allow or devices.deny instead. -EINVAL from a monitor of such a host.
 */
struct device_rule;
int command_add_device(const struct container *c, const struct device_rule *rule, bool allow,
                       struct error *err);

/* Have the monitor listen to a seccomp profile's calls, as to init's. -EINVAL where it has no proxy for them.
 */
int command_add_listener(const struct container *c, int listener, struct error *err);

/*
 * A key's value in the running container's configuration, which the caller frees. -ENOENT: it has none, as
 * far as the monitor knows; every other error means that the value is not known.
 */
int command_config_item(const struct container *c, const char *key, char **value, struct error *err);

/*
 * Name and lxcpath behind a hashed address ("0123456789abcdef" of "lxc/0123456789abcdef/command"). The caller
 * frees them.
 */
int command_identity(const char *hash, char **name, char **lxcpath, struct error *err);

/* Kill it: sends lxc.signal.stop (SIGKILL unless set) to init; returns when the monitor has gone. */
int command_stop(const struct container *c, struct error *err);

/*
 * A terminal of the container: *number in: 0 the console, N that tty, -1 any free one; out: the one got.
 * *terminal is its pty's other end. Returns the connection, which holds the terminal for us until closed.
 * -EBUSY when it is taken or there is none.
 */
int command_terminal(const struct container *c, int *number, int *terminal, struct error *err);

/* The container's devpts superblock, to open ptys in it. */
int command_devpts_fd(const struct container *c, struct error *err);

/* The console's ring buffer; the caller frees *data. -ENODATA when it is empty, -EFAULT when there is none.
 */
int command_console_log(const struct container *c, const struct console_log_request *request, char **data,
                        size_t *length, struct error *err);

/* Tell the monitor, and lxc-monitor, that its state has changed (a freeze done by the client). */
int command_set_state(const struct container *c, enum container_state state, struct error *err);

/*
 * Subscribe: a set bit (1u << STATE_X) in `states` for each state waited for. Returns the present state when
 * it is one of them (STATE_STOPPED also when nobody listens), or STATE_COUNT with the connection in
 * *subscription: pass that to command_wait().
 * `next`: the present state does not count, only a change to one of them (a reboot's RUNNING).
 */
int command_subscribe(const struct container *c, unsigned states, bool next, int *subscription,
                      struct error *err);

/*
 * Wait for a state that was subscribed to. `timeout_ms` -1: for ever. Returns the state or -ETIMEDOUT.
 * STATE_STOPPED may come unasked: a monitor that goes away says it by closing the connection.
 */
int command_wait(int subscription, int timeout_ms, struct error *err);

#endif
