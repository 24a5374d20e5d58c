/*
 * The relay's UDP clients: each has its own socket connected to the target, which identifies the client of a
 * reply.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "net/bridge/forward_relay_internal.h"

#define BURST         64     /* datagrams before others are served */
#define IDLE_MS       120000 /* as nf_conntrack_udp_timeout_stream of the kernel */
#define DATAGRAM_SIZE 65535

static uint8_t datagram[DATAGRAM_SIZE];

void relay_flow_close(struct relay_flow *f)
{
    close_fd(&f->fd);
}

static bool relay_flow_same_client(const union socket_address *a, const union socket_address *b)
{
    return socket_address_same_host(a, b) &&
           (a->any.sa_family == AF_INET6 ? a->v6.sin6_port == b->v6.sin6_port
                                         : a->v4.sin_port == b->v4.sin_port);
}

/* The flow of a client, which is created if necessary; NULL on failure. */
static struct relay_flow *relay_flow_find(struct relay *relay, struct relay_listener *l,
                                          const union socket_address *client)
{
    const union socket_address *target = &l->target;
    struct relay_flow *slot = &relay->flows[0];

    for (size_t i = 0; i < RELAY_FLOWS; i++) {
        struct relay_flow *f = &relay->flows[i];

        if (f->fd >= 0 && f->listener == l && relay_flow_same_client(&f->client, client))
            return f;
        if (slot->fd >= 0 && (f->fd < 0 || f->used_ms < slot->used_ms))
            slot = f;
    }
    relay_flow_close(slot);
    slot->fd = socket(target->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (slot->fd < 0 || connect(slot->fd, &target->any, socket_address_size(target)) < 0 ||
        relay_watch(relay, slot->fd, RELAY_FLOW, (size_t)(slot - relay->flows), false) < 0) {
        relay_flow_close(slot);
        return NULL;
    }
    slot->listener = l;
    slot->client = *client;
    return slot;
}

void relay_flow_receive(struct relay *relay, struct relay_listener *l, int64_t now_ms)
{
    for (int i = 0; i < BURST; i++) {
        union socket_address client = {0};
        socklen_t size = sizeof(client);
        ssize_t got = recvfrom(l->fd, datagram, sizeof(datagram), 0, &client.any, &size);
        struct relay_flow *f;

        if (got < 0 && errno == EAGAIN)
            return;
        f = got < 0 ? NULL : relay_flow_find(relay, l, &client);
        if (!f)
            continue;
        f->used_ms = now_ms;
        /* A datagram that cannot be sent is lost, as UDP permits. */
        (void)!send(f->fd, datagram, (size_t)got, MSG_NOSIGNAL);
    }
    (void)relay_watch(relay, l->fd, RELAY_LISTENER, (size_t)(l - relay->listeners), true);
}

void relay_flow_answer(struct relay *relay, size_t index, int64_t now_ms)
{
    struct relay_flow *f = &relay->flows[index];

    for (int i = 0; f->fd >= 0 && i < BURST; i++) {
        ssize_t got = recv(f->fd, datagram, sizeof(datagram), 0);

        if (got < 0 && errno == EAGAIN)
            return;
        if (got < 0) /* an error reported by a router or the target */
            continue;
        f->used_ms = now_ms;
        (void)!sendto(f->listener->fd, datagram, (size_t)got, MSG_NOSIGNAL, &f->client.any,
                      socket_address_size(&f->client));
    }
    if (f->fd >= 0)
        (void)relay_watch(relay, f->fd, RELAY_FLOW, index, true);
}

int relay_flow_expire(struct relay *relay, int64_t now_ms)
{
    int64_t first = -1;

    for (size_t i = 0; i < RELAY_FLOWS; i++) {
        struct relay_flow *f = &relay->flows[i];
        int64_t left = f->used_ms + IDLE_MS - now_ms;

        if (f->fd < 0)
            continue;
        if (left <= 0)
            relay_flow_close(f);
        else if (first < 0 || left < first)
            first = left;
    }
    return (int)first;
}
