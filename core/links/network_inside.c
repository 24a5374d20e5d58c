/* The container side of its network: addresses, gateways, setting links up. All from outside, through a
 * socket in the container's namespace. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/links/network_steps.h"
#include "net/link/address.h"
#include "net/link/route.h"

#define LOOPBACK_INDEX 1

static void inside_add_address(struct network_steps *s, const struct network_link *l,
                               const struct net_address *given)
{
    struct address a = {
        .index = l->index, .local = ip_make(given->family, given->address), .length = given->prefix};
    char text[IP_TEXT_SIZE];

    if (given->family == AF_INET) {
        a.broadcast = ip_make(AF_INET, given->broadcast);
        if (ip_is_zero(&a.broadcast))
            a.broadcast.family = 0;
    }
    network_step(s, l, "add the address %s/%u to %s", ip_format(&a.local, text), given->prefix, l->name);
    address_add(&s->b, &a, false);
}

/* --- Gateways --- */

/* The first address of a link, as in LXC. */
static int inside_first_address(struct netlink *host, int family, int index, struct ip *out,
                                struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct address a;
    int r = address_dump(host, family, index, &replies, err);

    if (r < 0)
        return r;
    for (rest = netlink_view_of(&replies); netlink_next_message(&rest, &m);)
        if (address_parse(&m, &a) && a.index == index) {
            *out = a.local;
            return 0;
        }
    return -EADDRNOTAVAIL;
}

static int inside_find_auto_gateway(const struct network_link *l, int family, struct netlink *host,
                                    struct ip *out, struct error *err)
{
    unsigned n = l->net->index, version = family == AF_INET ? 4 : 6;
    int r;

    if (l->net->type != NET_VETH && l->net->type != NET_MACVLAN && l->net->type != NET_IPVLAN) {
        error_text(err, EINVAL, "lxc.net.%u.ipv%u.gateway cannot be auto for type %s", n, version,
                   network_type_name(l->net->type));
        return error_remedy(err, "set the address of the gateway");
    }
    if (!l->parent) {
        error_text(err, EINVAL, "lxc.net.%u.ipv%u.gateway cannot be auto without lxc.net.%u.link", n, version,
                   n);
        return error_remedy(err, "set the link whose address is the gateway, or set the address");
    }
    r = inside_first_address(host, family, l->parent, out, err);
    if (r != -EADDRNOTAVAIL)
        return r;
    error_text(err, EADDRNOTAVAIL, "lxc.net.%u.ipv%u.gateway is auto, but %s has no IPv%u address", n,
               version, l->net->link, version);
    return error_remedy(err, "add an address to %s with \"ip addr add\", or set the address of the gateway",
                        l->net->link);
}

/* Whether a gateway can be reached through one of the link's own networks. */
static bool inside_is_on_link(const struct config_net *net, const struct ip *gateway)
{
    if (gateway->family == AF_INET6 && gateway->bytes[0] == 0xfe && (gateway->bytes[1] & 0xc0) == 0x80)
        return true; /* link-local */
    for (size_t i = 0; i < net->address_count; i++) {
        const struct net_address *a = &net->addresses[i];
        unsigned bits = a->prefix, whole = bits / 8;

        if (a->family == gateway->family && memcmp(a->address, gateway->bytes, whole) == 0 &&
            (bits % 8 == 0 ||
             ((a->address[whole] ^ gateway->bytes[whole]) & (0xff00 >> bits % 8) & 0xff) == 0))
            return true;
    }
    return false;
}

static bool inside_has_address(const struct config_net *net, int family)
{
    for (size_t i = 0; i < net->address_count; i++)
        if (net->addresses[i].family == family)
            return true;
    return false;
}

static int inside_check_gateway(const struct network_link *l, const struct ip *gateway, int family,
                                struct error *err)
{
    unsigned n = l->net->index, version = family == AF_INET ? 4 : 6;

    if (!l->net->up) {
        error_text(err, EINVAL, "lxc.net.%u.ipv%u.gateway needs the interface to be up", n, version);
        return error_remedy(err, "set lxc.net.%u.flags = up", n);
    }
    if (!inside_has_address(l->net, family) &&
        !(gateway->family == AF_INET6 && inside_is_on_link(l->net, gateway))) {
        error_text(err, EINVAL, "lxc.net.%u.ipv%u.gateway needs an address of the same family", n, version);
        return error_remedy(err, "set lxc.net.%u.ipv%u.address", n, version);
    }
    return 0;
}

static int inside_add_gateway(struct network_steps *s, const struct network_link *l, int family,
                              struct netlink *host, struct error *err)
{
    const struct config_net *net = l->net;
    enum net_gateway kind = family == AF_INET ? net->ipv4_gateway : net->ipv6_gateway;
    struct route r = {.family = family, .device = l->index};
    char text[IP_TEXT_SIZE];
    int code = 0;

    if (kind == GATEWAY_NONE)
        return 0;
    if (kind == GATEWAY_ADDRESS)
        r.gateway =
            ip_make(family, family == AF_INET ? net->ipv4_gateway_address : net->ipv6_gateway_address);
    else if (kind == GATEWAY_AUTO)
        code = inside_find_auto_gateway(l, family, host, &r.gateway, err);
    if (code == 0)
        code = inside_check_gateway(l, &r.gateway, family, err);
    if (code < 0)
        return code;
    ip_format(&r.gateway, text);
    if (r.gateway.family && !inside_is_on_link(net, &r.gateway)) {
        struct route to = {.family = family,
                           .device = l->index,
                           .scope = RT_SCOPE_LINK,
                           .destination = {r.gateway, (uint8_t)(ip_size(family) * 8)}};

        network_step(s, l, "route to the gateway %s through %s", text, l->name);
        route_add(&s->b, &to, NLM_F_CREATE | NLM_F_EXCL);
    }
    if (r.gateway.family)
        network_step(s, l, "set %s as the gateway through %s", text, l->name);
    else
        network_step(s, l, "set %s as the default route", l->name);
    route_add(&s->b, &r, NLM_F_CREATE | NLM_F_EXCL);
    return 0;
}

/* --- Set up --- */

/* Find the indexes of links that were created from the host and are known only by name. */
static int inside_find_indexes(struct network_state *state, struct netlink *inside, struct error *err)
{
    cleanup_steps struct network_steps s;
    struct netlink_message m;
    struct netlink_view rest;
    struct link found;

    network_steps_init(&s, inside, err);
    for (size_t i = 0; i < state->count; i++)
        if (!state->links[i].index) {
            network_step(&s, &state->links[i], "find %s in the container", state->links[i].name);
            link_get(&s.b, 0, state->links[i].name);
        }
    if (network_steps_run(&s) < 0)
        return s.code;
    for (rest = netlink_view_of(&s.replies); netlink_next_message(&rest, &m);)
        for (size_t i = 0; link_parse(&m, &found) && i < state->count; i++)
            if (strcmp(found.name, state->links[i].name) == 0)
                state->links[i].index = found.index;
    return 0;
}

static void inside_set_up(struct network_steps *s, const struct network_link *l, int index, const char *name)
{
    struct link_request up = {.index = index, .flags = IFF_UP, .change = IFF_UP};

    network_step(s, l, "set %s up", name);
    link_change(&s->b, &up);
}

int network_inside_configure(struct network_state *state, struct netlink *inside, struct netlink *host,
                             struct error *err)
{
    cleanup_steps struct network_steps s;
    int r = inside_find_indexes(state, inside, err);

    network_steps_init(&s, inside, err);
    inside_set_up(&s, NULL, LOOPBACK_INDEX, "lo");
    for (size_t i = 0; i < state->count && r == 0; i++) {
        const struct network_link *l = &state->links[i];

        for (size_t k = 0; k < l->net->address_count; k++)
            inside_add_address(&s, l, &l->net->addresses[k]);
        if (l->net->up && l->net->type != NET_EMPTY)
            inside_set_up(&s, l, l->index, l->name);
        r = inside_add_gateway(&s, l, AF_INET, host, err);
        if (r == 0)
            r = inside_add_gateway(&s, l, AF_INET6, host, err);
    }
    if (r == 0 && network_steps_run(&s) == -EOPNOTSUPP && access("/proc/sys/net/ipv6", F_OK) < 0)
        error_remedy(err, "this kernel has no IPv6: remove lxc.net.%u.ipv6.address",
                     s.failed ? s.failed->net->index : 0);
    return r < 0 ? r : s.code;
}
