/* DNS over TCP: RFC 7766. The queries of one connection are processed one at a time; clients may not rely on
 * the order of replies. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "net/dns/dns_internal.h"

#define IDLE_MS 10000
#define EVENTS  (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

void dns_stream_close(struct dns_stream *s)
{
    close_fd(&s->fd);
    close_fd(&s->upstream);
    free(s->query);
    free(s->reply);
    s->query = s->reply = NULL;
}

static void stream_expect_query(struct dns_stream *s, int64_t now_ms)
{
    close_fd(&s->upstream);
    free(s->query);
    free(s->reply);
    s->query = s->reply = NULL;
    s->query_size = s->reply_size = s->done = 0;
    s->step = DNS_READ_QUERY;
    s->deadline_ms = now_ms + IDLE_MS;
}

static unsigned stream_count(const struct dns_forwarder *f, const struct dns_source *source)
{
    unsigned count = 0;

    for (size_t i = 0; i < DNS_STREAMS; i++)
        count += f->streams[i].fd >= 0 && dns_same_source(&f->streams[i].source, source);
    return count;
}

/* All slots are in use: take the one that has been idle for longest of the source that has most of them, if
 * `source` has fewer. */
static struct dns_stream *stream_take(struct dns_forwarder *f, const struct dns_source *source)
{
    unsigned most = stream_count(f, source) + 1;
    struct dns_stream *taken = NULL;

    for (size_t i = 0; i < DNS_STREAMS; i++) {
        struct dns_stream *s = &f->streams[i];
        unsigned count = stream_count(f, &s->source);

        if (count > most || (taken && count == most && s->deadline_ms < taken->deadline_ms)) {
            taken = s;
            most = count;
        }
    }
    if (taken)
        dns_stream_close(taken);
    return taken;
}

void dns_stream_accept(struct dns_forwarder *f, int listener, int64_t now_ms)
{
    union socket_address client = {0};
    socklen_t size = sizeof(client);
    cleanup_fd int fd = accept4(f->listeners[listener], &client.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct dns_stream *slot = NULL;
    struct dns_source source;
    unsigned of_client = 0;

    if (fd < 0)
        return;
    dns_find_source(f, &client, true, &source);
    for (size_t i = 0; i < DNS_STREAMS; i++) {
        struct dns_stream *s = &f->streams[i];

        if (s->fd < 0)
            slot = slot ? slot : s;
        else
            of_client += socket_address_same_host(&s->client, &client);
    }
    if (of_client >= DNS_CLIENT_STREAMS || (f->source && stream_count(f, &source) >= DNS_CLIENT_STREAMS))
        return;
    if (!slot && f->source)
        slot = stream_take(f, &source);
    if (!slot || dns_watch(f, fd, EVENTS, DNS_TAG_STREAM + (uint32_t)(slot - f->streams)) < 0)
        return;
    slot->fd = take_fd(&fd);
    slot->client = client;
    slot->source = source;
    stream_expect_query(slot, now_ms);
}

/*
 * Read a message with its two bytes of length. Returns 1 when it is complete, 0 when more data is needed,
 * negative if the connection is to be closed.
 */
static int stream_read_message(int fd, uint8_t **message, size_t *size, size_t *done)
{
    for (;;) {
        size_t wanted = *done < 2 ? 2 : *size;
        ssize_t got;

        if (!*message) {
            *message = malloc(2);
            *size = 2;
            if (!*message)
                return -ENOMEM;
        }
        got = recv(fd, *message + *done, wanted - *done, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && errno == EAGAIN ? 0 : -EPIPE;
        *done += (size_t)got;
        if (*done == 2 && *size == 2) {
            size_t length = (size_t)(*message)[0] << 8 | (*message)[1];
            uint8_t *more = length >= DNS_HEADER_SIZE ? realloc(*message, 2 + length) : NULL;

            if (!more)
                return -EBADMSG;
            *message = more;
            *size = 2 + length;
        } else if (*done == *size) {
            return 1;
        }
    }
}

/* As stream_read_message, for sending. */
static int stream_send_message(int fd, const uint8_t *message, size_t size, size_t *done)
{
    while (*done < size) {
        ssize_t sent = send(fd, message + *done, size - *done, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS ? 0 : -errno;
        *done += (size_t)sent;
    }
    return 1;
}

/* Connect to the next server; false if there are no more servers. */
static bool stream_connect_upstream(struct dns_forwarder *f, struct dns_stream *s)
{
    const union socket_address *server;

    close_fd(&s->upstream);
    for (; (server = dns_upstream(f, s->attempt)); s->attempt++) {
        cleanup_fd int fd = socket(server->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 || (connect(fd, &server->any, socket_address_size(server)) < 0 && errno != EINPROGRESS) ||
            dns_watch(f, fd, EVENTS, DNS_TAG_STREAM + (uint32_t)(s - f->streams)) < 0)
            continue;
        s->attempt++;
        s->upstream = take_fd(&fd);
        s->id = dns_random_id();
        dns_set_id(s->query + 2, s->id);
        s->step = DNS_SEND_QUERY;
        s->done = 0;
        return true;
    }
    return false;
}

static int stream_set_reply(struct dns_stream *s, const uint8_t *bytes, size_t size)
{
    free(s->reply);
    s->reply = malloc(2 + size);
    if (!s->reply)
        return -ENOMEM;
    s->reply[0] = (uint8_t)(size >> 8);
    s->reply[1] = (uint8_t)size;
    memcpy(s->reply + 2, bytes, size);
    s->reply_size = 2 + size;
    s->step = DNS_SEND_REPLY;
    s->done = 0;
    return 1;
}

static int stream_fail(struct dns_stream *s)
{
    uint8_t reply[DNS_REPLY_MAX];
    struct dns_question q;

    if (dns_parse_query(s->query + 2, s->query_size - 2, &q) != 0)
        return -EBADMSG;
    close_fd(&s->upstream);
    dns_set_id(s->query + 2, s->client_id);
    return stream_set_reply(s, reply,
                            dns_build_reply(s->query + 2, &q, DNS_SERVER_FAILURE, false, NULL, 0, reply));
}

static int stream_on_query(struct dns_forwarder *f, struct dns_stream *s)
{
    uint8_t reply[DNS_REPLY_MAX];
    size_t size = dns_answer_here(f, s->query + 2, s->query_size - 2, reply);

    if (size)
        return stream_set_reply(s, reply, size);
    s->client_id = dns_id(s->query + 2);
    s->attempt = 0;
    return stream_connect_upstream(f, s) ? 1 : stream_fail(s);
}

static int stream_on_reply(struct dns_stream *s)
{
    if (!dns_is_reply(s->reply + 2, s->reply_size - 2, s->query + 2, s->query_size - 2, s->id))
        return -EBADMSG;
    dns_set_id(s->reply + 2, s->client_id);
    close_fd(&s->upstream);
    s->step = DNS_SEND_REPLY;
    s->done = 0;
    return 1;
}

/* One step. Returns 1: continue; 0: wait; negative: close. After a failure, the next server is tried. */
static int stream_step(struct dns_forwarder *f, struct dns_stream *s, int64_t now_ms)
{
    int r;

    switch (s->step) {
    case DNS_READ_QUERY:
        r = stream_read_message(s->fd, &s->query, &s->query_size, &s->done);
        return r == 1 ? stream_on_query(f, s) : r;
    case DNS_SEND_QUERY:
        r = stream_send_message(s->upstream, s->query, s->query_size, &s->done);
        if (r == 1) {
            s->step = DNS_READ_REPLY;
            s->done = 0;
        }
        break;
    case DNS_READ_REPLY:
        r = stream_read_message(s->upstream, &s->reply, &s->reply_size, &s->done);
        if (r == 1)
            r = stream_on_reply(s);
        break;
    case DNS_SEND_REPLY:
    default:
        r = stream_send_message(s->fd, s->reply, s->reply_size, &s->done);
        if (r == 1)
            stream_expect_query(s, now_ms);
        return r;
    }
    if (r >= 0)
        return r;
    free(s->reply);
    s->reply = NULL;
    return stream_connect_upstream(f, s) ? 1 : stream_fail(s);
}

void dns_stream_run(struct dns_forwarder *f, struct dns_stream *s, int64_t now_ms)
{
    int r = s->fd >= 0;

    for (int i = 0; s->fd >= 0 && r == 1 && i < 64; i++)
        r = stream_step(f, s, now_ms);
    /* A client that sends many queries has to wait for its turn; re-arm the fd to get another event. */
    if (r == 1) {
        struct epoll_event e = {.events = EVENTS, .data.u32 = DNS_TAG_STREAM + (uint32_t)(s - f->streams)};

        r = epoll_ctl(f->poll, EPOLL_CTL_MOD, s->fd, &e) < 0 ? -errno : 0;
    }
    if (r < 0)
        dns_stream_close(s);
}
