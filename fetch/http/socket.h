/*
 * TCP with time-outs, over IPv4 and IPv6. Errors name the peer and what a person can do; their codes tell the
 * caller whether another try makes sense (socket_worth_retry).
 */
#ifndef LXCBOX_FETCH_HTTP_SOCKET_H
#define LXCBOX_FETCH_HTTP_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"

/*
 * Connect to a name or address. Each address that the name has is tried in getaddrinfo(3)'s order, each for
 * at most `timeout_ms`. A non-blocking fd, or a negative errno: -ENXIO for a name that does not exist,
 * -EAGAIN for one that cannot be resolved now, else the last address' own.
 */
int socket_connect(const char *host, uint16_t port, int timeout_ms, struct error *err);

/*
 * Some bytes, waiting at most `timeout_ms` for the first of them; 0 at the end of the stream. `peer` is for
 * the error.
 */
ssize_t socket_read(int fd, void *bytes, size_t size, int timeout_ms, const char *peer, struct error *err);

/* All of them, none waiting longer than `timeout_ms`. 0 or a negative errno. */
int socket_write(int fd, const void *bytes, size_t length, int timeout_ms, const char *peer,
                 struct error *err);

/* Whether the failure is one that passes: refused, timed out, cut, unreachable. */
bool socket_worth_retry(int code);

#endif
