/*
 * TCP with time-outs, over IPv4 and IPv6. Errors name the peer and the remedy; their codes tell the caller
 * whether another try is useful (socket_worth_retry).
 */
#ifndef LXCBOX_FETCH_HTTP_SOCKET_H
#define LXCBOX_FETCH_HTTP_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"

/*
 * Connect to a name or address. The addresses of the name are tried in the order of getaddrinfo(3), each for
 * at most `timeout_ms`. Returns a non-blocking fd, or a negative errno: -ENXIO for a name that does not
 * exist, -EAGAIN for one that cannot be resolved now, else the error of the last address.
 */
int socket_connect(const char *host, uint16_t port, int timeout_ms, struct error *err);

/*
 * Demands progress: SOCKET_PROGRESS bytes received for each `timeout_ms` that are spent waiting for the peer.
 * Reading and writing fail with -ETIMEDOUT otherwise, so that a peer that sends a byte
 * now and then does not keep a request for ever. Time that passes between the calls does not count.
 */
#define SOCKET_PROGRESS 4096

struct socket_pace {
    int timeout_ms;
    int64_t waited_ms; /* since the last progress */
    size_t received;   /* bytes since then */
};

/* A new request: its time begins now. */
void socket_pace_begin(struct socket_pace *pace);

/* Read some bytes; 0 at the end of the stream. `peer` is for errors. */
ssize_t socket_read(int fd, void *bytes, size_t size, struct socket_pace *pace, const char *peer,
                    struct error *err);

/* Write all bytes. 0 or a negative errno. */
int socket_write(int fd, const void *bytes, size_t length, struct socket_pace *pace, const char *peer,
                 struct error *err);

/* Whether the failure may be temporary: refused, timed out, interrupted, unreachable. */
bool socket_worth_retry(int code);

#endif
