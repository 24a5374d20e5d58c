#include "net/dns/dns_forwarder.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "net/dns/dns_internal.h"

#define TRY_MS     2000 /* to wait for the answer of one server */
#define ATTEMPTS   4
#define BURST      64 /* datagrams handled at one time */
#define REPLY_SIZE 65535

/* --- Upstream --- */

static bool forwarder_is_self(const struct dns_forwarder *f, const union socket_address *a)
{
    return socket_address_same_host(&f->self[0], a) || socket_address_same_host(&f->self[1], a);
}

/* Read resolv.conf again if it has changed. Addresses of this forwarder are omitted, as they would make a
 * loop. */
static void forwarder_refresh_upstream(struct dns_forwarder *f)
{
    cleanup_free char *text = NULL;
    size_t kept = 0;
    struct stat st;

    if (stat(f->resolv_path, &st) < 0) {
        f->upstream.count = 0;
        f->resolv_time = (struct timespec){0};
        return;
    }
    if (memcmp(&st.st_mtim, &f->resolv_time, sizeof(st.st_mtim)) == 0)
        return;
    if (file_read(AT_FDCWD, f->resolv_path, 65536, &text, NULL) < 0)
        return;
    f->resolv_time = st.st_mtim;
    resolv_conf_parse(text, &f->upstream);
    for (size_t i = 0; i < f->upstream.count; i++)
        if (!forwarder_is_self(f, &f->upstream.servers[i]))
            f->upstream.servers[kept++] = f->upstream.servers[i];
    f->upstream.count = kept;
}

const union socket_address *dns_upstream(struct dns_forwarder *f, unsigned attempt)
{
    forwarder_refresh_upstream(f);
    if (f->upstream.count == 0 || attempt >= ATTEMPTS)
        return NULL;
    return &f->upstream.servers[attempt % f->upstream.count];
}

uint16_t dns_random_id(void)
{
    uint16_t id;

    /* For so few bytes it never fails once the entropy pool is ready; getrandom(2). */
    while (getrandom(&id, sizeof(id), 0) != sizeof(id))
        ;
    return id;
}

int dns_watch(struct dns_forwarder *f, int fd, uint32_t events, uint32_t tag)
{
    struct epoll_event e = {.events = events, .data.u32 = tag};

    return epoll_ctl(f->poll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* --- Queries over UDP --- */

static void forwarder_free_query(struct dns_query *q)
{
    close_fd(&q->fd);
}

/* Send the query to the next server that can be reached; false if there are no more servers. */
static bool forwarder_send_query(struct dns_forwarder *f, struct dns_query *q, int64_t now_ms)
{
    const union socket_address *server;

    forwarder_free_query(q);
    for (; (server = dns_upstream(f, q->attempt)); q->attempt++) {
        cleanup_fd int fd = socket(server->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        q->id = dns_random_id();
        dns_set_id(q->bytes, q->id);
        if (fd < 0 || connect(fd, &server->any, socket_address_size(server)) < 0 ||
            send(fd, q->bytes, q->length, MSG_NOSIGNAL) < 0 ||
            dns_watch(f, fd, EPOLLIN, DNS_TAG_QUERY + (uint32_t)(q - f->queries)) < 0)
            continue;
        q->fd = take_fd(&fd);
        q->attempt++;
        q->deadline_ms = now_ms + TRY_MS;
        return true;
    }
    return false;
}

static void forwarder_send_to_client(struct dns_forwarder *f, int listener,
                                     const union socket_address *client, const void *bytes, size_t length)
{
    /* A reply that cannot be sent is lost; the client repeats the query. */
    (void)!sendto(f->listeners[listener], bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL, &client->any,
                  socket_address_size(client));
}

static void forwarder_fail_query(struct dns_forwarder *f, struct dns_query *q)
{
    uint8_t reply[DNS_REPLY_MAX];
    struct dns_question question;

    forwarder_free_query(q);
    if (dns_parse_query(q->bytes, q->length, &question) != 0)
        return;
    dns_set_id(q->bytes, q->client_id);
    forwarder_send_to_client(f, q->listener, &q->client, reply,
                             dns_build_reply(q->bytes, &question, DNS_SERVER_FAILURE, false, NULL, 0, reply));
}

static void forwarder_try_next_server(struct dns_forwarder *f, struct dns_query *q, int64_t now_ms)
{
    if (!forwarder_send_query(f, q, now_ms))
        forwarder_fail_query(f, q);
}

static void forwarder_read_reply(struct dns_forwarder *f, struct dns_query *q, int64_t now_ms)
{
    static uint8_t reply[REPLY_SIZE];

    if (q->fd < 0)
        return;
    for (;;) {
        ssize_t got = recv(q->fd, reply, sizeof(reply), 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got < 0) { /* no server on that port */
            forwarder_try_next_server(f, q, now_ms);
            return;
        }
        if (!dns_is_reply(reply, (size_t)got, q->bytes, q->length, q->id))
            continue;
        if ((dns_reply_code(reply) == DNS_SERVER_FAILURE || dns_reply_code(reply) == DNS_REFUSED) &&
            q->attempt < f->upstream.count) {
            forwarder_try_next_server(f, q, now_ms);
            return;
        }
        dns_set_id(reply, q->client_id);
        forwarder_send_to_client(f, q->listener, &q->client, reply, (size_t)got);
        forwarder_free_query(q);
        return;
    }
}

void dns_find_source(struct dns_forwarder *f, const union socket_address *client, bool tcp,
                     struct dns_source *out)
{
    *out = (struct dns_source){0};
    if (f->source)
        f->source(f->source_context, client, tcp, out);
}

bool dns_same_source(const struct dns_source *a, const struct dns_source *b)
{
    return a->port == b->port && (!a->shared || memcmp(a->hardware, b->hardware, sizeof(a->hardware)) == 0);
}

static unsigned forwarder_count(const struct dns_forwarder *f, const struct dns_source *source)
{
    unsigned count = 0;

    for (size_t i = 0; i < DNS_QUERIES; i++)
        count += f->queries[i].fd >= 0 && dns_same_source(&f->queries[i].source, source);
    return count;
}

/* All slots are in use: take the oldest of the source that has most of them, if `source` has fewer. */
static struct dns_query *forwarder_take_query(struct dns_forwarder *f, const struct dns_source *source)
{
    unsigned most = forwarder_count(f, source) + 1;
    struct dns_query *taken = NULL;

    for (size_t i = 0; i < DNS_QUERIES; i++) {
        struct dns_query *q = &f->queries[i];
        unsigned count = forwarder_count(f, &q->source);

        if (count > most || (taken && count == most && q->deadline_ms < taken->deadline_ms)) {
            taken = q;
            most = count;
        }
    }
    if (taken)
        forwarder_free_query(taken);
    return taken;
}

/* A slot for a question; NULL if the client or the source has reached its limit. */
static struct dns_query *forwarder_new_query(struct dns_forwarder *f, const union socket_address *client,
                                             const struct dns_source *source)
{
    struct dns_query *slot = NULL;
    unsigned of_client = 0;

    for (size_t i = 0; i < DNS_QUERIES; i++) {
        struct dns_query *q = &f->queries[i];

        if (q->fd < 0)
            slot = slot ? slot : q;
        else
            of_client += socket_address_same_host(&q->client, client);
    }
    if (of_client >= DNS_CLIENT_QUERIES || (f->source && forwarder_count(f, source) >= DNS_CLIENT_QUERIES))
        return NULL;
    return slot || !f->source ? slot : forwarder_take_query(f, source);
}

size_t dns_answer_here(struct dns_forwarder *f, const uint8_t *query, size_t length,
                       uint8_t reply[DNS_REPLY_MAX])
{
    struct dns_record records[DNS_RECORDS_MAX];
    struct dns_question q;
    size_t count = 0;
    int code = dns_parse_query(query, length, &q);

    if (code > 0)
        return dns_build_error(query, (enum dns_code)code, reply);
    if (code < 0)
        return 0;
    code = q.class == 1 ? f->lookup(f->context, &q, records, &count) : -1;
    return code < 0 ? 0 : dns_build_reply(query, &q, (enum dns_code)code, true, records, count, reply);
}

static void forwarder_on_query(struct dns_forwarder *f, int listener, const union socket_address *client,
                               const uint8_t *bytes, size_t length, int64_t now_ms)
{
    uint8_t reply[DNS_REPLY_MAX];
    struct dns_question question;
    struct dns_source source;
    size_t size = dns_answer_here(f, bytes, length, reply);
    struct dns_query *q;

    dns_find_source(f, client, false, &source);
    if (size) {
        forwarder_send_to_client(f, listener, client, reply, size);
        return;
    }
    if (dns_parse_query(bytes, length, &question) != 0)
        return;
    q = forwarder_new_query(f, client, &source);
    if (!q) {
        log_debug("dns", "too many queries at one time: one is ignored");
        return;
    }
    q->listener = listener;
    q->client = *client;
    q->source = source;
    q->client_id = question.id;
    q->attempt = 0;
    q->length = length;
    memcpy(q->bytes, bytes, length);
    forwarder_try_next_server(f, q, now_ms);
}

static void forwarder_read_queries(struct dns_forwarder *f, int listener, int64_t now_ms)
{
    for (int i = 0; i < BURST; i++) {
        uint8_t bytes[DNS_QUERY_MAX + 1];
        union socket_address client = {0};
        socklen_t size = sizeof(client);
        ssize_t got = recvfrom(f->listeners[listener], bytes, sizeof(bytes), 0, &client.any, &size);

        if (got < 0 && errno != EINTR)
            return;
        if (got <= 0)
            continue;
        if (got > DNS_QUERY_MAX) {
            uint8_t reply[DNS_HEADER_SIZE];
            struct dns_question q;

            if (dns_parse_query(bytes, (size_t)got, &q) >= 0)
                forwarder_send_to_client(f, listener, &client, reply,
                                         dns_build_error(bytes, DNS_FORMAT_ERROR, reply));
            continue;
        }
        forwarder_on_query(f, listener, &client, bytes, (size_t)got, now_ms);
    }
}

/* --- The forwarder --- */

static int forwarder_listen(struct dns_forwarder *f, int slot, const union socket_address *self,
                            struct error *err)
{
    int type = slot % 2 ? SOCK_STREAM : SOCK_DGRAM, on = 1;
    int fd = socket(self->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    f->listeners[slot] = fd;
    if (fd < 0)
        return error_set(err, errno, "cannot create a socket for DNS");
    /* The address may not be usable until the bridge has its first port. */
    if (self->any.sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
        setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on));
    } else {
        setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
    }
    /* Allow connections of an earlier run that linger; another listener is still an error. socket(7). */
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &self->any, socket_address_size(self)) < 0 ||
        (type == SOCK_STREAM && listen(fd, DNS_STREAMS) < 0))
        return error_set(err, errno, "cannot serve DNS on port 53/%s", type == SOCK_STREAM ? "tcp" : "udp");
    if (dns_watch(f, fd, EPOLLIN, DNS_TAG_LISTENER + (uint32_t)slot) < 0)
        return error_set(err, errno, "cannot serve DNS");
    return 0;
}

int dns_forwarder_open(struct dns_forwarder *f, const struct in_addr *address,
                       const struct in6_addr *address6, const char *resolv_path, dns_lookup *lookup,
                       void *context, struct error *err)
{
    int r = 0;

    memset(f, 0, sizeof(*f));
    for (int i = 0; i < DNS_LISTENERS; i++)
        f->listeners[i] = -1;
    for (int i = 0; i < DNS_QUERIES; i++)
        f->queries[i].fd = -1;
    for (int i = 0; i < DNS_STREAMS; i++)
        f->streams[i].fd = f->streams[i].upstream = -1;
    f->lookup = lookup;
    f->context = context;
    f->resolv_path = resolv_path;
    f->poll = epoll_create1(EPOLL_CLOEXEC);
    if (f->poll < 0)
        return error_set(err, errno, "cannot serve DNS");
    if (address)
        f->self[0].v4 =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(DNS_PORT), .sin_addr = *address};
    if (address6)
        f->self[1].v6 = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT), .sin6_addr = *address6};
    for (int slot = 0; r == 0 && slot < DNS_LISTENERS; slot++)
        if (f->self[slot / 2].any.sa_family)
            r = forwarder_listen(f, slot, &f->self[slot / 2], err);
    return r;
}

void dns_forwarder_close(struct dns_forwarder *f)
{
    for (int i = 0; i < DNS_LISTENERS; i++)
        close_fd(&f->listeners[i]);
    for (int i = 0; i < DNS_QUERIES; i++)
        forwarder_free_query(&f->queries[i]);
    for (int i = 0; i < DNS_STREAMS; i++)
        dns_stream_close(&f->streams[i]);
    close_fd(&f->poll);
}

static void forwarder_handle(struct dns_forwarder *f, uint32_t tag, int64_t now_ms)
{
    if (tag >= DNS_TAG_STREAM)
        dns_stream_run(f, &f->streams[tag - DNS_TAG_STREAM], now_ms);
    else if (tag >= DNS_TAG_QUERY)
        forwarder_read_reply(f, &f->queries[tag - DNS_TAG_QUERY], now_ms);
    else if (tag % 2)
        dns_stream_accept(f, (int)tag, now_ms);
    else
        forwarder_read_queries(f, (int)tag, now_ms);
}

int dns_forwarder_run(struct dns_forwarder *f, int64_t now_ms)
{
    struct epoll_event events[BURST];
    int64_t first = INT64_MAX;
    int count = epoll_wait(f->poll, events, BURST, 0);

    for (int i = 0; i < count; i++)
        forwarder_handle(f, events[i].data.u32, now_ms);
    for (size_t i = 0; i < DNS_QUERIES; i++) {
        struct dns_query *q = &f->queries[i];

        if (q->fd >= 0 && q->deadline_ms <= now_ms)
            forwarder_try_next_server(f, q, now_ms);
        if (q->fd >= 0 && q->deadline_ms < first)
            first = q->deadline_ms;
    }
    for (size_t i = 0; i < DNS_STREAMS; i++) {
        struct dns_stream *s = &f->streams[i];

        if (s->fd >= 0 && s->deadline_ms <= now_ms)
            dns_stream_close(s);
        if (s->fd >= 0 && s->deadline_ms < first)
            first = s->deadline_ms;
    }
    return first == INT64_MAX ? -1 : (int)(first - now_ms);
}
