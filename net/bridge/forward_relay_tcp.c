/* The relay's TCP connections. */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "net/bridge/forward_relay_internal.h"

#define ROUNDS       32 /* for one connection before others are served */
#define KEEPALIVE_S  60 /* idle connections whose peer is gone are closed after four of these intervals */
#define CONNECT_SYNS 4  /* sent before a target is considered unreachable: about 15 seconds */

void relay_stream_close(struct relay *relay, size_t index, bool reset)
{
    struct relay_stream *s = relay->streams[index];
    struct linger at_once = {.l_onoff = 1};

    for (int i = 0; i < 2; i++) {
        if (reset && s->fds[i] >= 0)
            setsockopt(s->fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close_fd(&s->fds[i]);
    }
    s->listener->streams--;
    relay->stream_count--;
    free(s);
    relay->streams[index] = NULL;
}

static void relay_stream_set_options(int fd)
{
    int on = 1, seconds = KEEPALIVE_S, probes = 3;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof(seconds));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

/* Start to connect to the target; an error is reported when the connection is used. */
static int relay_stream_connect(struct relay *relay, size_t index)
{
    struct relay_stream *s = relay->streams[index];
    const union socket_address *target = &s->listener->target;
    int syns = CONNECT_SYNS;

    s->fds[1] = socket(target->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fds[1] < 0)
        return -errno;
    relay_stream_set_options(s->fds[0]);
    relay_stream_set_options(s->fds[1]);
    setsockopt(s->fds[1], IPPROTO_TCP, TCP_SYNCNT, &syns, sizeof(syns));
    if (connect(s->fds[1], &target->any, socket_address_size(target)) < 0 && errno != EINPROGRESS)
        return -errno;
    for (int i = 0; i < 2; i++) {
        int r = relay_watch(relay, s->fds[i], RELAY_STREAM, index, false);
        if (r < 0)
            return r;
    }
    return 0;
}

static size_t relay_stream_slot(const struct relay *relay)
{
    size_t index = 0;

    while (index < RELAY_STREAMS && relay->streams[index])
        index++;
    return index;
}

void relay_stream_accept(struct relay *relay, struct relay_listener *l)
{
    l->waiting = false;
    for (;;) {
        size_t index = relay_stream_slot(relay);
        struct relay_stream *s;
        int fd;

        if (index == RELAY_STREAMS || l->streams == RELAY_LISTENER_STREAMS) {
            l->waiting = true;
            return;
        }
        fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0) {
            l->waiting = errno != EAGAIN;
            return;
        }
        s = calloc(1, sizeof(*s));
        if (!s) {
            close(fd);
            return;
        }
        s->fds[0] = fd;
        s->fds[1] = -1;
        s->listener = l;
        relay->streams[index] = s;
        relay->stream_count++;
        l->streams++;
        if (relay_stream_connect(relay, index) < 0)
            relay_stream_close(relay, index, true);
    }
}

static bool relay_stream_must_wait(int error)
{
    return error == EAGAIN || error == ENOTCONN || error == EINPROGRESS;
}

/*
 * Pass on the available data in one direction. Returns 1: there may be more; 0: wait; negative: the
 * connection has failed.
 */
static int relay_stream_pass(struct relay_stream *s, int from)
{
    struct relay_buffer *b = &s->buffers[from];
    ssize_t n;

    if (b->start == b->end && !b->ended) {
        n = recv(s->fds[from], b->bytes, sizeof(b->bytes), 0);
        if (n < 0)
            return errno == EINTR ? 1 : relay_stream_must_wait(errno) ? 0 : -errno;
        b->start = 0;
        b->end = (size_t)n;
        b->ended = n == 0;
    }
    if (b->start < b->end) {
        n = send(s->fds[!from], b->bytes + b->start, b->end - b->start, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EINTR ? 1 : relay_stream_must_wait(errno) ? 0 : -errno;
        b->start += (size_t)n;
        return 1;
    }
    if (b->ended && !b->closed) {
        if (shutdown(s->fds[!from], SHUT_WR) < 0)
            return relay_stream_must_wait(errno) ? 0 : -errno;
        b->closed = true;
    }
    return 0;
}

void relay_stream_run(struct relay *relay, size_t index)
{
    struct relay_stream *s = relay->streams[index];
    int more[2] = {1, 1};

    for (int round = 0; s && round < ROUNDS && (more[0] || more[1]); round++)
        for (int from = 0; from < 2; from++) {
            more[from] = relay_stream_pass(s, from);
            if (more[from] < 0) {
                relay_stream_close(relay, index, true);
                return;
            }
        }
    if (!s)
        return;
    if (s->buffers[0].closed && s->buffers[1].closed)
        relay_stream_close(relay, index, false);
    else if ((more[0] || more[1]) && (relay_watch(relay, s->fds[0], RELAY_STREAM, index, true) < 0 ||
                                      relay_watch(relay, s->fds[1], RELAY_STREAM, index, true) < 0))
        relay_stream_close(relay, index, true);
}
