/*
 * Conflicts of the bridge's networks with those of other interfaces: packets would use only one of the two.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "net/bridge/bridge_network.h"
#include "net/link/address.h"
#include "net/link/link.h"

/* A network of the bridge, and the setting that names it. */
struct network {
    struct ip_prefix prefix;
    const char *key;
};

/* The byte of the netmask. */
static uint8_t conflict_mask_byte(const struct ip_prefix *p, unsigned i)
{
    unsigned bits = p->length > i * 8 ? p->length - i * 8U : 0;

    return (uint8_t)(bits >= 8 ? 0xff : 0xff00 >> bits);
}

static bool conflict_in_network(const struct network *n, const struct ip *ip)
{
    if (!ip->family || ip->family != n->prefix.ip.family)
        return false;
    for (unsigned i = 0; i < ip_size(ip->family); i++)
        if ((ip->bytes[i] ^ n->prefix.ip.bytes[i]) & conflict_mask_byte(&n->prefix, i))
            return false;
    return true;
}

static int conflict_refuse(struct netlink *n, const struct bridge_settings *s, const struct network *network,
                           const struct address *a, struct error *err)
{
    struct ip_prefix theirs = {a->local, a->length};
    char text[PREFIX_TEXT_SIZE], ours[PREFIX_TEXT_SIZE];
    struct link l = {.name = "an interface"};

    (void)link_find(n, a->index, NULL, &l, NULL);
    error_text(err, EADDRINUSE, "%s already has %s, in the network of %s, %s", l.name,
               prefix_format(&theirs, text), s->bridge, prefix_format(&network->prefix, ours));
    return error_remedy(err, "set %s in /etc/default/lxc-net to an address of another network", network->key);
}

/* The index of the link; 0 if it does not exist. */
static int conflict_link_index(struct netlink *n, const char *name)
{
    struct link l;

    return name[0] && link_find(n, 0, name, &l, NULL) == 0 ? l.index : 0;
}

int bridge_conflict_check(struct netlink *n, const struct bridge_settings *s, struct error *err)
{
    struct network networks[2] = {
        {.prefix = {.ip = {.family = AF_INET}, .length = (uint8_t)__builtin_popcount(s->netmask)},
         .key = "LXC_ADDR"},
        {.prefix = {.ip = {.family = s->ipv6 ? AF_INET6 : AF_UNSPEC}, .length = s->length6},
         .key = "LXC_IPV6_ADDR"}};
    cleanup_strbuf struct strbuf addresses = STRBUF_INIT;
    uint32_t wire = htonl(s->address);
    struct bridge_state state = {.bridge = ""};
    struct netlink_view rest;
    struct netlink_message m;
    struct address a;
    int own = conflict_link_index(n, s->bridge), before = 0, r;

    memcpy(networks[0].prefix.ip.bytes, &wire, sizeof(wire));
    memcpy(networks[1].prefix.ip.bytes, &s->address6, 16);
    for (int i = 0; i < 2; i++)
        for (unsigned k = 0; k < 16; k++)
            networks[i].prefix.ip.bytes[k] &= conflict_mask_byte(&networks[i].prefix, k);
    if (bridge_state_read(&state, NULL) == 0) { /* a network that is up will be taken down first */
        before = conflict_link_index(n, state.bridge);
        bridge_state_free(&state);
    }
    r = address_dump(n, AF_UNSPEC, 0, &addresses, err);
    rest = (struct netlink_view){(const uint8_t *)addresses.text, addresses.length};
    while (r == 0 && netlink_next_message(&rest, &m))
        for (int i = 0; r == 0 && address_parse(&m, &a) && i < 2; i++)
            if (a.index != own && a.index != before &&
                (conflict_in_network(&networks[i], &a.local) || conflict_in_network(&networks[i], &a.peer)))
                r = conflict_refuse(n, s, &networks[i], &a, err);
    return r;
}
