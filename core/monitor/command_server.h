/*
 * The monitor's side of the command protocol. The monitor owns the event loop; it calls:
 *
 *     listening fd readable   connection = command_server_accept(fd), and watches this connection
 *     connection readable     command_server_handle(monitor, connection). After COMMAND_CLOSE the caller
 *     or hung up              removes it from the loop, releases what it has taken (monitor_release()) and
 *                             closes it. After COMMAND_KEEP it stays in the loop: the client may send
 *                             another request, is a state client, the holder of a terminal, or waits for the
 *                             end
 *     the state changes       state_clients_notify()
 *
 * Nothing here blocks for longer than a second on a slow peer. Only root and our own user are answered.
 */
#ifndef LXCBOX_CORE_MONITOR_COMMAND_SERVER_H
#define LXCBOX_CORE_MONITOR_COMMAND_SERVER_H

#include <stdbool.h>

#include "core/config/container.h"

struct monitor;

enum command_outcome { COMMAND_CLOSE, COMMAND_KEEP };

/* Clients that wait for states; a member of struct monitor, zeroed at first. The fds are the monitor's. */
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
 * when another monitor has bound it: only one start of a container succeeds.
 */
int command_server_listen(const struct container *c, struct error *err);

/*
 * Accept one connection. A peer without permission is refused at once, and its connection is kept in *refused
 * (-1 at first) until the next refusal: a peer that has not sent its request yet could otherwise not read the
 * reason. `full`: any peer is refused, with EBUSY. Returns the fd or a negative errno.
 */
int command_server_accept(int listening, bool full, int *refused);

/* Serve what is readable on a connection, as described above. */
enum command_outcome command_server_handle(struct monitor *m, int connection);

/*
 * Notify every client that waits for `state`. A notified client is removed from the list and its connection
 * shut down, so that the loop finds it hung up and closes it.
 */
void state_clients_notify(struct state_clients *clients, const char *name, enum container_state state);

/* Remove a client that has gone. */
void state_clients_drop(struct state_clients *clients, int connection);

/* Remove all; the monitor ends. */
void state_clients_free(struct state_clients *clients);

#endif
