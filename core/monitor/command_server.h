/*
 * The monitor's side of the command protocol. The monitor owns the event loop; it calls:
 *
 *     listening fd readable   connection = command_server_accept(fd), and watches what it returns
 *     connection readable     command_server_handle(monitor, connection): COMMAND_CLOSE says to stop watching
 *       or hung up            it, release what it held (monitor_release()) and close it; COMMAND_KEEP to go
 * on watching: a state client, the holder of a terminal, one that waits for the end the state changes
 * state_clients_notify()
 *
 * Nothing here blocks for longer than a second on a peer that is slow, and no peer but root and our own user
 * is answered.
 */
#ifndef LXCBOX_CORE_RUN_COMMAND_SERVER_H
#define LXCBOX_CORE_RUN_COMMAND_SERVER_H

#include "core/config/container.h"

struct monitor;

enum command_outcome { COMMAND_CLOSE, COMMAND_KEEP };

/* Those waiting for states; a member of struct monitor, zeroed at first. The fds are the monitor's. */
struct state_client {
    int connection;
    unsigned states; /* bits 1u << STATE_X */
};

struct state_clients {
    struct state_client *items;
    size_t count;
};

/*
 * Bind the container's command socket. Returns the listening fd (non-blocking, close-on-exec); -EALREADY
 * when a monitor is there already, which is how two starts of one container are told apart.
 */
int command_server_listen(const struct container *c, struct error *err);

/*
 * Accept one connection. A peer that has no say here is refused at once, and its connection kept in *refused
 * (-1 at first) until the next such: it may not have sent its request yet, and would then not read why. The
 * fd or a negative errno.
 */
int command_server_accept(int listening, int *refused);

/* Serve whatever is readable on a connection, as said above. */
enum command_outcome command_server_handle(struct monitor *m, int connection);

/*
 * Tell every client that waits for `state`; those told are forgotten, and their connection is shut down, so
 * that the loop sees it hung up and closes it by command_server_handle().
 */
void state_clients_notify(struct state_clients *clients, const char *name, enum container_state state);

/* Forget one that has gone. */
void state_clients_drop(struct state_clients *clients, int connection);

/* Forget all (the monitor ends). */
void state_clients_free(struct state_clients *clients);

#endif
