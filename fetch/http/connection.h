/* A stream of bytes to the server of a URL: TCP or TLS, direct or through a proxy. */
#ifndef LXCBOX_FETCH_HTTP_CONNECTION_H
#define LXCBOX_FETCH_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "fetch/http/trust.h"
#include "fetch/http/url.h"

struct connection;

struct connection_options {
    const struct trust *trust;               /* must outlive the connection */
    int connect_timeout_ms, idle_timeout_ms; /* the latter: see struct socket_pace */
};

/* Connect for a request of `u`, through the proxy that the environment specifies for it. 0 or a negative
 * errno. */
int connection_open(const struct url *u, const struct connection_options *options, struct connection **out,
                    struct error *err);

/* Whether a request of `u` can use this connection. */
bool connection_serves(const struct connection *c, const struct url *u);

/* Whether requests must have the whole URL (because a proxy reads them), and the Proxy-Authorization to send
 * (or NULL). */
bool connection_is_proxied(const struct connection *c, const char **credentials);

/* A new request: its time begins now. */
void connection_begin(struct connection *c);

/* Read some bytes; 0 at an orderly end. Errors name the peer. */
ssize_t connection_read(struct connection *c, void *bytes, size_t size, struct error *err);
int connection_write(struct connection *c, const void *bytes, size_t length, struct error *err);

/* Close and free; NULL is fine. */
void connection_close(struct connection *c);

#endif
