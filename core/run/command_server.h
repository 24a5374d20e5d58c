/*
 * The monitor's side of the command protocol. The monitor owns the event loop; it calls:
 *
 *     listening fd readable   connection = command_server_accept(fd), and watches what it returns
 *     connection readable     command_server_handle(server, connection): COMMAND_CLOSE says to stop watching
 *       or hung up            it and close it; COMMAND_KEEP to go on watching: a state client, the holder of
 * a terminal, one that waits for the container's end the state changes       command_server_set_state()
 *
 * Nothing here blocks for longer than a second on a peer that is slow, and no peer but root and our own user
 * is answered.
 */
#ifndef LXCBOX_CORE_RUN_COMMAND_SERVER_H
#define LXCBOX_CORE_RUN_COMMAND_SERVER_H

#include "core/config/config.h"
#include "core/container.h"
#include "core/run/protocol.h"

enum command_outcome { COMMAND_CLOSE, COMMAND_KEEP };

/*
 * What the monitor does for a client. A member may be NULL: the client is told that it cannot be done. All
 * return 0 or more, or a negative errno which the client gets. `monitor` is command_server's. fds handed out
 * stay the monitor's.
 */
struct command_operations {
    /*
     * Give terminal *number (0: the console, -1: any free tty) to `holder`, a connection, until
     * terminal_release(); *number becomes the one given. Returns the fd of our end of its pty. -EBUSY.
     */
    int (*terminal_allocate)(void *monitor, int holder, int *number);
    /* The holder, if it is one, has gone. */
    void (*terminal_release)(void *monitor, int holder);

    /* The container's cgroup for a controller (NULL: any) from the hierarchy's root; `path` stays valid. */
    int (*cgroup_path)(void *monitor, const char *controller, bool limit, const char **path);
    /* Layout, number and fds of the container's cgroups, one for each hierarchy. */
    int (*cgroup_fds)(void *monitor, struct cgroup_context_message *message);
    /* Layout, type and fd of the container's cgroup for message->controller. */
    int (*cgroup_fd)(void *monitor, struct cgroup_fd_message *message, bool limit);
    /* The fd of the container's cgroup on a host with cgroup v2 alone; -EINVAL elsewhere. */
    int (*cgroup2_fd)(void *monitor, bool limit);
    /*
     * Freeze or thaw. `timeout_seconds` -1: wait for ever, 0: not at all. A client's request reaches this on
     * a host with cgroup v2 alone; elsewhere -ENOENT makes it do it itself.
     */
    int (*freeze)(void *monitor, bool freeze, int timeout_seconds);

    /* The console's ring buffer, allocated for the caller to free. -ENODATA: empty, -EFAULT: there is none.
     */
    int (*console_log)(void *monitor, const struct console_log_request *request, char **data, size_t *length);
};

/* Those waiting for states. The fds are the monitor's. */
struct state_client {
    int connection;
    uint32_t states; /* bits 1u << STATE_X */
};

/* What there is to be asked about; a member of struct monitor, which keeps it true. */
struct command_server {
    const struct container *container;
    const struct config *config;
    enum container_state state; /* changed by command_server_set_state() only */
    pid_t init_pid;             /* 0: not yet, or no longer */
    int init_pidfd;             /* -1: none */
    uint64_t clone_flags;       /* CLONE_NEW* */
    int devpts_fd;              /* -1: none */
    int seccomp_notify_fd;      /* -1: none */
    const struct command_operations *operations;
    void *monitor; /* handed to the operations */

    struct state_client *clients;
    size_t client_count;
};

/* Everything unset: STATE_STOPPED, no fds. */
void command_server_init(struct command_server *s, const struct container *container,
                         const struct config *config, const struct command_operations *operations,
                         void *monitor);

/* Forget the state clients. */
void command_server_free(struct command_server *s);

/*
 * Bind the container's command socket. Returns the listening fd (non-blocking, close-on-exec); -EADDRINUSE
 * when a monitor is there already, which is how two starts of one container are told apart.
 */
int command_server_listen(const struct container *c, struct error *err);

/* Accept one connection; a peer that has no say here is refused at once. The fd or a negative errno. */
int command_server_accept(int listening);

/* Serve whatever is readable on a connection, as said above. Before COMMAND_CLOSE all it held is released. */
enum command_outcome command_server_handle(struct command_server *s, int connection);

/*
 * The container is in `state` now (STATE_THAWED means RUNNING again). Every client that waits for it is told
 * and its connection shut down, so that the loop sees it hung up and closes it by command_server_handle().
 */
void command_server_set_state(struct command_server *s, enum container_state state);

#endif
