#include "fetch/http/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "fetch/http/http_head.h"
#include "fetch/http/proxy.h"
#include "fetch/http/socket.h"
#include "fetch/http/tls.h"

#define CONNECT_HEAD_MAX 8192

struct connection {
    int fd;
    struct tls *tls;
    struct url server; /* the server it was opened for */
    struct url proxy;  /* host NULL: none */
    char *credentials; /* for the proxy; NULL: none */
    char *peer;        /* for errors: the sender of the bytes */
    struct socket_pace pace;
};

void connection_close(struct connection *c)
{
    if (!c)
        return;
    tls_close(c->tls);
    close_fd(&c->fd);
    url_free(&c->server);
    url_free(&c->proxy);
    free(c->credentials);
    free(c->peer);
    free(c);
}

static void connection_shut(struct connection **c)
{
    connection_close(*c);
}

bool connection_serves(const struct connection *c, const struct url *u)
{
    return c->server.https == u->https && c->server.port == u->port && strcmp(c->server.host, u->host) == 0;
}

bool connection_is_proxied(const struct connection *c, const char **credentials)
{
    *credentials = c->credentials;
    return c->proxy.host && !c->server.https;
}

ssize_t connection_read(struct connection *c, void *bytes, size_t size, struct error *err)
{
    if (c->tls)
        return tls_read(c->tls, bytes, size, err);
    return socket_read(c->fd, bytes, size, &c->pace, c->peer, err);
}

void connection_begin(struct connection *c)
{
    socket_pace_begin(&c->pace);
}

int connection_write(struct connection *c, const void *bytes, size_t length, struct error *err)
{
    if (c->tls)
        return tls_write(c->tls, bytes, length, err);
    return socket_write(c->fd, bytes, length, &c->pace, c->peer, err);
}

/* Read the response to CONNECT byte by byte, so that no byte after it is consumed. */
static int connection_read_connect_head(struct connection *c, struct http_head *head, struct error *err)
{
    char bytes[CONNECT_HEAD_MAX];
    size_t have = 0;
    int r;

    while (have == 0 || !http_head_length(bytes, have)) {
        ssize_t n = have == sizeof(bytes) ? -EPROTO : connection_read(c, bytes + have, 1, err);

        if (n == -EPROTO)
            return error_text(err, EPROTO, "%s sent a response with too long a header", c->peer);
        if (n == 0)
            return error_text(err, ECONNRESET, "%s closed the connection", c->peer);
        if (n < 0)
            return (int)n;
        have += (size_t)n;
        if (!http_head_begins(bytes, have)) {
            error_text(err, EPROTO, "%s does not speak HTTP/1", c->peer);
            return error_remedy(err, "check https_proxy");
        }
    }
    r = http_head_parse(bytes, have, head, err);
    return r ? error_context(err, "%s", c->peer) : 0;
}

/* RFC 9110 9.3.6: ask the proxy for a tunnel to the server. */
static int connection_open_tunnel(struct connection *c, struct error *err)
{
    cleanup_http_head struct http_head head = {0};
    cleanup_free char *request = NULL;
    bool brackets = strchr(c->server.host, ':');
    cleanup_free char *target =
        format_string("%s%s%s:%u", brackets ? "[" : "", c->server.host, brackets ? "]" : "", c->server.port);
    int r;

    if (target)
        request = format_string("CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", target, target,
                                c->credentials ? "Proxy-Authorization: " : "",
                                c->credentials ? c->credentials : "", c->credentials ? "\r\n" : "");
    if (!request)
        return error_set(err, ENOMEM, "cannot request a connection from %s", c->peer);
    r = connection_write(c, request, strlen(request), err);
    if (!r)
        r = connection_read_connect_head(c, &head, err);
    if (r)
        return r;
    if (head.status / 100 == 2)
        return 0;
    if (head.status == 407 || head.status == 401) { /* some proxies send 401 instead of 407 */
        error_text(err, EACCES, "%s requires a user name and password", c->peer);
        error_remedy(err, "https_proxy=http://NAME:PASSWORD@HOST:PORT");
    } else {
        error_text(err, EACCES, "%s refuses to connect to %s (status %d)", c->peer, target, head.status);
        error_remedy(err, "set no_proxy for servers that do not need the proxy");
    }
    return -EACCES;
}

/* Set the names used in errors, and the address and credentials of the proxy. */
static int connection_describe(struct connection *c, const struct url *u, struct error *err)
{
    int proxied = proxy_for(u, &c->proxy, err);
    cleanup_free char *authority = NULL;

    if (proxied < 0)
        return proxied;
    authority = url_authority(proxied ? &c->proxy : u);
    if (authority)
        c->peer = format_string("%s%s", proxied ? "the proxy " : "", authority);
    if (proxied && c->proxy.user)
        c->credentials = proxy_basic_credentials(c->proxy.user);
    if (!c->peer || url_copy(u, &c->server) < 0 || (c->proxy.user && !c->credentials))
        return error_set(err, ENOMEM, "cannot connect to %s", u->host);
    return 0;
}

int connection_open(const struct url *u, const struct connection_options *options, struct connection **out,
                    struct error *err)
{
    __attribute__((cleanup(connection_shut))) struct connection *c = calloc(1, sizeof(*c));
    const struct url *to;
    int r;

    if (!c)
        return error_set(err, ENOMEM, "cannot connect to %s", u->host);
    c->fd = -1;
    c->pace.timeout_ms = options->idle_timeout_ms;
    r = connection_describe(c, u, err);
    if (r)
        return r;
    to = c->proxy.host ? &c->proxy : u;
    c->fd = socket_connect(to->host, to->port, options->connect_timeout_ms, err);
    if (c->fd < 0)
        return c->proxy.host
                   ? error_context(err, "through the proxy of %s", u->https ? "https_proxy" : "http_proxy")
                   : c->fd;
    if (u->https && c->proxy.host) {
        r = connection_open_tunnel(c, err);
        if (r)
            return r;
        free(take_ptr(c->peer));
        c->peer = url_authority(u);
        if (!c->peer)
            return error_set(err, ENOMEM, "cannot connect to %s", u->host);
    }
    if (u->https) {
        r = tls_open(c->fd, u->host, options->trust, &c->pace, c->peer, &c->tls, err);
        if (r)
            return r;
    }
    *out = take_ptr(c);
    return 0;
}
