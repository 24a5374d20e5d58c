/*
 * IPv6 addresses of containers. Containers choose these addresses themselves, without a lease, but they are
 * in the neighbour table of the kernel: a neighbour with the hardware address of a lease has the name of the
 * lease. For a container without an entry, the address derived from its hardware address (RFC 4291, appendix
 * A) is probed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "net/bridge/bridge_internal.h"
#include "net/link/neighbour.h"

#define KNOWN        (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)
#define DISCARD_PORT 9

static bool neighbours_in_prefix(const struct bridge_settings *s, const uint8_t address[16])
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned bits = s->length6 > i * 8 ? s->length6 - i * 8U : 0;
        uint8_t mask = (uint8_t)(bits >= 8 ? 0xff : 0xff00 >> bits);

        if ((address[i] ^ s->address6.s6_addr[i]) & mask)
            return false;
    }
    return true;
}

static int neighbours_dump(const struct bridge_server *s, struct strbuf *out)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    int r = netlink_open(&n, NETLINK_ROUTE, -1, NULL);

    return r < 0 ? r : neighbour_dump(&n, AF_INET6, s->index, false, out, NULL);
}

/* Take the next neighbour with an address in the prefix of the bridge. */
static bool neighbours_next(const struct bridge_server *s, struct netlink_view *rest, struct neighbour *out)
{
    struct netlink_message m;

    while (netlink_next_message(rest, &m))
        if (neighbour_parse(&m, out) && out->index == s->index && out->ip.family == AF_INET6 &&
            out->state & KNOWN && neighbours_in_prefix(s->settings, out->ip.bytes))
            return true;
    return false;
}

static bool neighbours_has_hardware(const struct neighbour *n, const struct lease *l)
{
    return n->address_size && n->address_size == l->client.hardware_size &&
           memcmp(n->address, l->client.hardware, n->address_size) == 0;
}

void bridge_neighbours_find(const struct bridge_server *s, const struct lease *l, struct dns_record *records,
                            size_t *count)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    struct netlink_view rest;
    struct neighbour n;

    if (!s->settings->ipv6 || neighbours_dump(s, &text) < 0)
        return;
    rest = (struct netlink_view){(const uint8_t *)text.text, text.length};
    while (*count < DNS_RECORDS_MAX && neighbours_next(s, &rest, &n))
        if (neighbours_has_hardware(&n, l)) {
            records[*count] = (struct dns_record){.type = DNS_AAAA};
            memcpy(records[(*count)++].address, n.ip.bytes, 16);
        }
    if (*count == 0)
        bridge_neighbours_ask(s, l);
}

bool bridge_neighbours_lease(const struct bridge_server *s, const uint8_t address[16], int64_t now,
                             const struct lease **out)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    const struct lease_table *t = &s->dhcp_server.leases;
    struct netlink_view rest;
    struct neighbour n;

    *out = NULL;
    if (!s->settings->ipv6 || !neighbours_in_prefix(s->settings, address))
        return false;
    if (neighbours_dump(s, &text) < 0)
        return true;
    rest = (struct netlink_view){(const uint8_t *)text.text, text.length};
    while (neighbours_next(s, &rest, &n))
        for (size_t i = 0; memcmp(n.ip.bytes, address, 16) == 0 && i < t->count; i++)
            if (lease_active(&t->leases[i], now) && neighbours_has_hardware(&n, &t->leases[i]))
                *out = &t->leases[i];
    return true;
}

void bridge_neighbours_ask(const struct bridge_server *s, const struct lease *l)
{
    struct sockaddr_in6 to = {
        .sin6_family = AF_INET6, .sin6_port = htons(DISCARD_PORT), .sin6_addr = s->settings->address6};
    cleanup_fd int fd = -1;
    const uint8_t *h = l->client.hardware;

    if (!s->settings->ipv6 || s->settings->length6 != 64 || l->client.hardware_size != 6)
        return;
    fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    memcpy(to.sin6_addr.s6_addr + 8, (uint8_t[]){h[0] ^ 2, h[1], h[2], 0xff, 0xfe, h[3], h[4], h[5]}, 8);
    /* The content of the datagram is irrelevant: before sending it, the kernel resolves the address. */
    if (fd >= 0)
        (void)!sendto(fd, "", 0, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to));
}

void bridge_neighbours_ask_all(const struct bridge_server *s)
{
    const struct lease_table *t = &s->dhcp_server.leases;
    int64_t now = time(NULL);

    for (size_t i = 0; i < t->count; i++)
        if (lease_active(&t->leases[i], now) && t->leases[i].host_name[0])
            bridge_neighbours_ask(s, &t->leases[i]);
}
