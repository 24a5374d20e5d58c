#include "net/bridge/bridge_ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/cleanup.h"
#include "core/base/message.h"
#include "net/bridge/bridge_port_watch.h"

#define DNS_PORT 53
#define BURST    64 /* packets of one port that are read at one time */

static struct bridge_port *port_find(const struct bridge_ports *p, int index, size_t *at)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->ports[i]->sender.port == index) {
            if (at)
                *at = i;
            return p->ports[i];
        }
    return NULL;
}

bool bridge_ports_exists(const void *context, int port)
{
    return port_find(context, port, NULL) != NULL;
}

bool bridge_ports_owned(const void *context, const char *name)
{
    const struct bridge_ports *p = context;

    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->ports[i]->sender.owner, name) == 0)
            return true;
    return false;
}

bool bridge_ports_owner(const struct bridge_ports *p, int port, const char *name)
{
    const struct bridge_port *found = port_find(p, port, NULL);

    return found && strcmp(found->sender.owner, name) == 0;
}

/* --- Changes --- */

static void port_remove(struct bridge_ports *p, int index)
{
    size_t at;
    struct bridge_port *port = port_find(p, index, &at);

    if (!port)
        return;
    close(port->fd); /* which removes it from p->poll, too */
    free(port);
    p->ports[at] = p->ports[--p->count];
}

static struct bridge_port *port_add(struct bridge_ports *p, int index, struct fd_list *fds)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
    struct bridge_port **more = reallocarray(p->ports, p->count + 1, sizeof(struct bridge_port *)), *port;

    if (!more)
        return NULL;
    p->ports = more;
    port = calloc(1, sizeof(*port));
    if (!port || fds->count != 1 || epoll_ctl(p->poll, EPOLL_CTL_ADD, fds->fds[0], &e) < 0) {
        free(port);
        return NULL;
    }
    port->fd = fds->fds[0];
    fds->count = 0;
    more[p->count++] = port;
    return port;
}

static void port_apply(struct bridge_ports *p, const struct bridge_port_event *e, struct fd_list *fds,
                       void (*named)(void *data, const struct dhcp_sender *sender), void *data)
{
    struct bridge_port *port;

    if (e->gone || fds->count)
        port_remove(p, e->index);
    if (e->gone)
        return;
    port = fds->count ? port_add(p, e->index, fds) : port_find(p, e->index, NULL);
    if (!port)
        return;
    port->sender = (struct dhcp_sender){.port = e->index, .shared = e->shared};
    dhcp_host_name(e->owner, strnlen(e->owner, sizeof(e->owner)), port->sender.owner);
    if (port->sender.owner[0])
        named(data, &port->sender);
}

/* Returns 1 for a change, 0 if there is none now, or a negative errno; index 0: the first list is complete.
 */
static int port_next_event(struct bridge_ports *p, int flags, struct bridge_port_event *e,
                           struct fd_list *fds)
{
    ssize_t got = message_receive(p->control, e, sizeof(*e), flags, NULL, fds);

    if (got == -EAGAIN || got == -EINTR)
        return 0;
    return got == sizeof(*e) ? 1 : got < 0 ? (int)got : -EPIPE;
}

int bridge_ports_update(struct bridge_ports *p, void (*named)(void *data, const struct dhcp_sender *sender),
                        void *data)
{
    for (;;) {
        cleanup_fd_list struct fd_list fds = {.count = 0};
        struct bridge_port_event e;
        int r = port_next_event(p, MSG_DONTWAIT, &e, &fds);

        if (r <= 0)
            return r;
        port_apply(p, &e, &fds, named, data);
    }
}

static void port_ignore_name(void *data, const struct dhcp_sender *sender)
{
    (void)data;
    (void)sender;
}

int bridge_ports_open(struct bridge_ports *p, int bridge, struct error *err)
{
    int r = p->control = bridge_port_watch_start(bridge, err);

    if (r < 0)
        return r;
    p->poll = epoll_create1(EPOLL_CLOEXEC);
    if (p->poll < 0)
        return error_set(err, errno, "cannot watch the ports of the bridge");
    for (;;) {
        cleanup_fd_list struct fd_list fds = {.count = 0};
        struct bridge_port_event e;

        r = port_next_event(p, 0, &e, &fds);
        if (r < 0)
            return error_set(err, r, "cannot list the ports of the bridge");
        if (r == 1 && e.index == 0)
            return 0;
        if (r == 1)
            port_apply(p, &e, &fds, port_ignore_name, NULL);
    }
}

/* --- Packets --- */

static void port_note(struct bridge_port *port, const struct bridge_packet *packet, bool tcp,
                      uint16_t source_port)
{
    struct bridge_port_seen *s = &port->seen[port->next++ % BRIDGE_PORT_SEEN];
    bool six = packet->protocol == ETH_P_IPV6;

    *s =
        (struct bridge_port_seen){.family = six ? AF_INET6 : AF_INET, .tcp = tcp, .source_port = source_port};
    memcpy(s->address, packet->bytes + (six ? 8 : 12), six ? 16 : 4);
    memcpy(s->hardware, packet->hardware, sizeof(s->hardware));
}

int bridge_port_take(struct bridge_port *port, const struct bridge_packet *packet, struct udp_packet *out)
{
    const uint8_t *b = packet->bytes;
    size_t header;
    uint8_t protocol;

    if (packet->protocol == ETH_P_IP && packet->size >= 20 && b[0] >> 4 == 4) {
        header = (size_t)(b[0] & 15) * 4;
        protocol = b[9];
        if (header < 20)
            return 0;
    } else if (packet->protocol == ETH_P_IPV6 && packet->size >= 40 && b[0] >> 4 == 6) {
        header = 40;
        protocol = b[6];
    } else {
        return 0;
    }
    if (header + 4 > packet->size)
        return 0;
    if (read_be16(b + header + 2) == DNS_PORT)
        port_note(port, packet, protocol == IPPROTO_TCP, read_be16(b + header));
    return packet->protocol == ETH_P_IP && protocol == IPPROTO_UDP &&
           read_be16(b + header + 2) == DHCP_SERVER_PORT &&
           udp_packet_parse(b, packet->size, packet->check, out);
}

/* Returns as bridge_port_take, or a negative errno. */
static int port_receive(struct bridge_port *port, uint8_t *bytes, struct udp_packet *out)
{
    struct bridge_packet packet = {.bytes = bytes};
    struct sockaddr_ll from;
    ssize_t got = packet_receive(port->fd, bytes, UDP_PACKET_MAX, &from, &packet.check);

    if (got < 0)
        return (int)got;
    packet.size = (size_t)got;
    packet.protocol = ntohs(from.sll_protocol);
    memcpy(packet.hardware, from.sll_addr, sizeof(packet.hardware));
    return from.sll_pkttype == PACKET_OUTGOING ? 0 : bridge_port_take(port, &packet, out);
}

void bridge_ports_receive(struct bridge_ports *p, size_t max,
                          void (*received)(void *data, const struct dhcp_sender *sender,
                                           const struct udp_packet *packet),
                          void *data)
{
    struct epoll_event events[BURST];
    int count = epoll_wait(p->poll, events, BURST, 0);
    uint8_t bytes[UDP_PACKET_MAX];

    for (int i = 0; i < count; i++) {
        struct bridge_port *port = port_find(p, (int)events[i].data.u32, NULL);

        /* At most the same number of messages from each port, so that one does not keep the others waiting.
         */
        for (int k = 0; port && k < BURST && max > 0; k++) {
            struct udp_packet packet;
            int r = port_receive(port, bytes, &packet);

            if (r < 0)
                break;
            max -= r == 1;
            if (r == 1)
                received(data, &port->sender, &packet);
        }
    }
}

/* --- Questions --- */

static bool port_seen_matches(const struct bridge_port_seen *s, const union socket_address *client, bool tcp)
{
    if (s->family != client->any.sa_family || s->tcp != tcp || !s->source_port)
        return false;
    return client->any.sa_family == AF_INET6 ? client->v6.sin6_port == htons(s->source_port) &&
                                                   memcmp(&client->v6.sin6_addr, s->address, 16) == 0
                                             : client->v4.sin_port == htons(s->source_port) &&
                                                   memcmp(&client->v4.sin_addr, s->address, 4) == 0;
}

void bridge_ports_source(void *context, const union socket_address *client, bool tcp, struct dns_source *out)
{
    const struct bridge_ports *p = context;

    *out = (struct dns_source){0};
    for (size_t i = 0; i < p->count; i++)
        for (unsigned k = 0; k < BRIDGE_PORT_SEEN; k++) {
            struct bridge_port_seen *s = &p->ports[i]->seen[k];

            if (!port_seen_matches(s, client, tcp))
                continue;
            out->port = p->ports[i]->sender.port;
            out->shared = p->ports[i]->sender.shared;
            memcpy(out->hardware, s->hardware, sizeof(out->hardware));
            s->source_port = 0;
            return;
        }
}
