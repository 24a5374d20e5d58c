/* One request to a monitor and its response, on a connection whose other end is checked. Used by
 * command_client.c only. */
#ifndef LXCBOX_CORE_COMMAND_EXCHANGE_H
#define LXCBOX_CORE_COMMAND_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/command/command_client.h"
#include "core/command/protocol.h"
#include "core/config/container.h"

/* One request and its response. */
struct exchange {
    enum command command;
    intptr_t value;   /* sent when there is no data */
    const void *data; /* sent */
    size_t length;

    struct command_response response;
    char *answer;        /* response.length bytes and a terminating zero; NULL without data */
    struct fd_list fds;  /* before: to send, owned by the caller; after: received, owned by the exchange */
    struct ucred peer;   /* of the process that answers: see core/command/peer.h */
    bool foreign;        /* that process is not a monitor of the container */
    bool unnamed;        /* the container's name is not known yet: its owner cannot be checked */
    bool query;          /* may be sent again, and on a connection that has carried others */
    int connection;      /* still open after exchange_run(); closed by exchange_end() unless taken */
    struct ucred sender; /* the process that was checked after an earlier answer on this connection */
    bool sent;           /* by config_items_send(), unless the connection has been lost since */
    struct command_connection *kept; /* where exchange_end() leaves the connection; NULL: closed */
};

#define EXCHANGE(...)                                                                                        \
    {                                                                                                        \
        __VA_ARGS__, .connection = -1                                                                        \
    }
#define cleanup_exchange __attribute__((cleanup(exchange_end)))

/* Free the answer, close the received fds, and keep or close the connection. */
void exchange_end(struct exchange *x);

/* Connect to the container's command socket, and check the user of the process that holds it. 0 or a negative
 * errno; -EACCES with `foreign` set. */
int exchange_connect(const struct container *c, struct exchange *x);

/*
 * Send the request on the connection and receive the answer. Returns 1 when an answer came, 0 when the
 * connection was closed without one, or a negative errno; -EACCES with `foreign` set when the process that
 * answered is not a monitor of the container.
 */
int exchange_talk(const struct container *c, struct exchange *x);

/* Both, or ask on the kept connection of the container. Returns as exchange_talk(). */
int exchange_run(const struct container *c, struct exchange *x);

/* Receive exactly `length` bytes. 0, -ECONNRESET when the peer closes the connection earlier, or another
 * negative errno. */
int exchange_read(int fd, void *bytes, size_t length);

#endif
