/* The host side of a container's network: creating and attaching the links, and routing to them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/links/network_steps.h"
#include "net/bridge/bridge_ports.h"
#include "net/link/address.h"
#include "net/link/neighbour.h"
#include "net/link/route.h"
#include "net/link/wireless.h"

#define LOOPBACK_INDEX 1

/* --- Creating --- */

/*
 * One message creates both ends: the host end, already attached to the bridge, and the end in the container
 * with its name there. The end inside cannot be created up, because an end that comes up before the pair is
 * joined is refused (ENOTCONN). It is set up after the host end, as in LXC.
 *
 * The address of the host end starts with fe, the highest value: a bridge uses the lowest address of its
 * ports, and its address must not change when containers start and stop.
 */
static int host_create_veth(struct network_steps *s, struct network_link *l, const struct link *parent,
                            const uint8_t *address, int netns, struct error *err)
{
    const struct config_net *net = l->net;
    uint32_t mtu = net->mtu ? net->mtu : parent ? parent->mtu : 0;
    struct link_request inside = {.name = l->name,
                                  .netns = &netns,
                                  .address = address,
                                  .address_size = address ? 6 : 0,
                                  .mtu = mtu,
                                  .receive_queues = net->veth_rxqueues,
                                  .send_queues = net->veth_txqueues};
    struct link_request outside = {.kind = "veth",
                                   .name = l->host_name,
                                   .address = l->host_address,
                                   .address_size = sizeof(l->host_address),
                                   .mtu = mtu,
                                   .master = parent && !net->veth_router ? &parent->index : NULL,
                                   .receive_queues = net->veth_txqueues,
                                   .send_queues = net->veth_rxqueues,
                                   .peer = &inside};

    if (outside.master && strcmp(parent->kind, "bridge") != 0) {
        error_text(err, EINVAL, "lxc.net.%u.link: %s is not a bridge", net->index, net->link);
        return error_remedy(err, "set a bridge, or set lxc.net.%u.type = macvlan", net->index);
    }
    if (getrandom(l->host_address, sizeof(l->host_address), 0) < 0)
        return error_set(err, errno, "cannot choose an address for %s", l->host_name);
    l->host_address[0] = 0xfe;
    network_step(s, l, "create the veth pair %s (host) and %s (container)", l->host_name, l->name);
    link_create(&s->b, &outside);
    network_step(s, l, "find %s", l->host_name);
    link_get(&s->b, 0, l->host_name);
    return 0;
}

/* A macvlan, ipvlan or vlan, created in the container's namespace on a link of the host. */
static int host_create_on_parent(struct network_steps *s, const struct network_link *l,
                                 const struct link *parent, const uint8_t *address, int netns,
                                 struct error *err)
{
    const struct config_net *net = l->net;
    uint16_t mode = (uint16_t)net->ipvlan_mode;
    struct link_request r = {.kind = network_type_name(net->type),
                             .name = l->name,
                             .netns = &netns,
                             .address = address,
                             .address_size = address ? 6 : 0,
                             .mtu = net->mtu,
                             .parent = parent->index};

    switch (net->type) {
    case NET_MACVLAN:
        r.macvlan_mode = net->macvlan_mode ? (uint32_t)net->macvlan_mode : MACVLAN_MODE_PRIVATE;
        break;
    case NET_IPVLAN:
        if (address) {
            error_text(err, EINVAL, "lxc.net.%u.hwaddr: an ipvlan interface always has the address of %s",
                       net->index, net->link);
            return error_remedy(err, "remove it, or set lxc.net.%u.type = macvlan", net->index);
        }
        r.ipvlan_mode = &mode;
        r.ipvlan_flags = (uint16_t)net->ipvlan_isolation;
        break;
    default:
        r.vlan_id = net->vlan_id;
        break;
    }
    network_step(s, l, "create the %s interface %s on %s", r.kind, l->name, net->link);
    link_create(&s->b, &r);
    return 0;
}

/* A separate function, so that only monitors of wireless interfaces use the stack space for its batch. */
static __attribute__((noinline)) int set_up_inside(const struct network_link *l, const struct link_request *r,
                                                   int netns, struct error *err)
{
    cleanup_netlink struct netlink inside = NETLINK_CLOSED;
    struct netlink_result result;
    struct netlink_batch b;
    int code = netlink_open(&inside, NETLINK_ROUTE, netns, err);

    netlink_batch_init(&b);
    link_change(&b, r);
    if (code < 0 || netlink_exchange(&inside, &b, NULL, &result) == 0)
        return code;
    return netlink_error(&result, err, "lxc.net.%u: cannot set up %s in the container", l->net->index,
                         l->name);
}

/*
 * One message moves the link into the container, renames it, and sets its address and MTU. A wireless link
 * was moved with its card before any other link, and so still has its index; it only needs a message on the
 * side of the container.
 */
static int host_move_physical(struct network_steps *s, struct network_link *l, const struct link *parent,
                              const uint8_t *address, int netns, struct error *err)
{
    struct link_request r = {.index = parent->index,
                             .new_name = l->name,
                             .netns = l->card ? NULL : &netns,
                             .address = address,
                             .address_size = address ? 6 : 0,
                             .mtu = l->net->mtu};

    l->host_index = parent->index;
    l->host_mtu = l->net->mtu ? parent->mtu : 0;
    memcpy(l->host_address, parent->address, sizeof(l->host_address));
    strcpy(l->host_name, parent->name);
    if (l->card) {
        l->index = parent->index;
        return set_up_inside(l, &r, netns, err);
    }
    network_step(s, l, "move %s into the container as %s", parent->name, l->name);
    link_change(&s->b, &r);
    return 0;
}

/* Move wireless interfaces; the kernel moves whole cards. */
static int host_move_cards(struct network_state *state, struct error *err)
{
    int r = 0;

    for (size_t i = 0; i < state->count; i++)
        if (state->links[i].net->type == NET_PHYS)
            state->links[i].card = wireless_card(-1, state->links[i].parent) + 1;
    for (size_t i = 0; i < state->count && r == 0; i++) {
        struct network_link *l = &state->links[i];

        l->card = l->card > 0 ? l->card : 0;
        if (l->card && network_card_first(state, i))
            r = wireless_move(-1, l->card - 1, state->netns, err);
        if (r < 0)
            error_context(err, "lxc.net.%u", l->net->index);
    }
    return r;
}

bool network_card_first(const struct network_state *state, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (state->links[k].card == state->links[i].card)
            return false;
    return true;
}

/* Add the remedy to an error of the kernel. */
static void host_explain(const struct network_steps *s, struct error *err)
{
    const struct network_link *l = s->failed;

    if (!l || err->remedy[0])
        return;
    if (s->code == -EOPNOTSUPP && l->net->type != NET_PHYS)
        error_remedy(err, "this kernel lacks %s: load its module (modprobe %s) or choose another type",
                     network_type_name(l->net->type), network_type_name(l->net->type));
    else if (s->code == -EEXIST && l->net->type == NET_VETH && l->net->veth_pair && !l->pair_written)
        error_remedy(err,
                     "another interface has that name: remove that interface, or change lxc.net.%u.veth.pair",
                     l->net->index);
    else if (s->code == -EEXIST)
        error_remedy(err, "the name, or the VLAN on that link, is in use: change lxc.net.%u", l->net->index);
    else if (s->code == -EBUSY && l->net->type == NET_MACVLAN)
        error_remedy(err, "a port of a bridge, or a link with a passthru macvlan, cannot have a macvlan");
    else if (s->code == -EINVAL && l->net->type == NET_PHYS)
        error_remedy(err, "the kernel ties some interfaces (loopback, bridges) to their namespace");
}

/* Record the indexes of the host ends and of the other ends: the parent of a veth is its peer. The address
 * that was chosen distinguishes a new link from an older one with the same name. */
static void host_record_indexes(struct network_state *state, const struct strbuf *replies)
{
    struct netlink_view rest = netlink_view_of(replies);
    struct netlink_message m;
    struct link found;

    while (netlink_next_message(&rest, &m))
        for (size_t i = 0; link_parse(&m, &found) && i < state->count; i++) {
            struct network_link *l = &state->links[i];

            if (l->net->type == NET_VETH && strcmp(found.name, l->host_name) == 0 &&
                memcmp(found.address, l->host_address, sizeof(l->host_address)) == 0) {
                l->host_index = found.index;
                l->index = found.parent;
            }
        }
}

int network_host_create(struct network_state *state, struct netlink *host, const struct link *parents,
                        struct error *err)
{
    cleanup_steps struct network_steps s;
    int r = host_move_cards(state, err);

    network_steps_init(&s, host, err);
    for (size_t i = 0; i < state->count && r == 0; i++) {
        struct network_link *l = &state->links[i];
        const struct link *parent = l->parent ? &parents[i] : NULL;
        uint8_t bytes[LINK_ADDRESS_MAX], *address = l->net->hwaddr ? bytes : NULL;

        if (address && link_address_parse(l->net->hwaddr, bytes) != 6)
            r = error_text(err, EINVAL, "lxc.net.%u.hwaddr: \"%s\" is not a hardware address", l->net->index,
                           l->net->hwaddr);
        else if (l->net->type == NET_VETH)
            r = host_create_veth(&s, l, parent, address, state->netns, err);
        else if (l->net->type == NET_PHYS)
            r = host_move_physical(&s, l, parent, address, state->netns, err);
        else if (parent && l->net->type != NET_EMPTY)
            r = host_create_on_parent(&s, l, parent, address, state->netns, err);
    }
    if (r == 0 && network_steps_run(&s) < 0)
        host_explain(&s, err);
    host_record_indexes(state, &s.replies); /* also of those created before a failure */
    return r < 0 ? r : s.code;
}

/* --- Configuring --- */

/* /proc/sys/net/ipv4/conf/LINK/NAME. Without IPv6 the file does not exist, and there is nothing to do. */
static int host_set_sysctl(const struct network_link *l, const char *link, int family, const char *name,
                           struct error *err)
{
    cleanup_free char *path =
        format_string("/proc/sys/net/ipv%d/conf/%s/%s", family == AF_INET ? 4 : 6, link, name);
    int r = path ? file_write_value(AT_FDCWD, path, "1") : -ENOMEM;

    if (r == 0 || r == -ENOENT)
        return 0;
    return error_set(err, r, "lxc.net.%u: cannot set %s", l->net->index, path ? path : name);
}

static int host_need_sysctl(const struct network_link *l, const char *link, int family, const char *name,
                            const char *why, struct error *err)
{
    cleanup_free char *path =
        format_string("/proc/sys/net/ipv%d/conf/%s/%s", family == AF_INET ? 4 : 6, link, name);
    cleanup_free char *value = NULL;
    int r = path ? file_read(AT_FDCWD, path, 64, &value, NULL) : -ENOMEM;

    if (r < 0)
        return error_set(err, r, "lxc.net.%u: cannot read %s", l->net->index, path ? path : name);
    if (value[0] == '1')
        return 0;
    error_text(err, EINVAL, "lxc.net.%u: %s needs net.ipv%d.conf.%s.%s to be 1", l->net->index, why,
               family == AF_INET ? 4 : 6, link, name);
    return error_remedy(err, "sysctl -w net.ipv%d.conf.%s.%s=1", family == AF_INET ? 4 : 6, link, name);
}

static void host_add_route(struct network_steps *s, const struct network_link *l, const struct ip *ip,
                           uint8_t length, int device, const char *name)
{
    struct route r = {.destination = {*ip, length}, .device = device, .scope = RT_SCOPE_LINK};
    char text[IP_TEXT_SIZE];

    network_step(s, l, "route %s/%u to %s", ip_format(ip, text), length, name);
    /* A route to the loopback remains after a monitor was killed, and can be used again. */
    route_add(&s->b, &r, NLM_F_CREATE | (device == LOOPBACK_INDEX ? NLM_F_REPLACE : NLM_F_EXCL));
}

static void host_add_proxy(struct network_steps *s, const struct network_link *l, const struct ip *ip,
                           int device, const char *name)
{
    struct neighbour proxy = {.index = device, .ip = *ip, .flags = NTF_PROXY};
    char text[IP_TEXT_SIZE];

    network_step(s, l, "answer for %s on %s", ip_format(ip, text), name);
    neighbour_add(&s->b, &proxy, NLM_F_CREATE | NLM_F_EXCL);
}

static int host_check_vlans(const struct network_link *l, const struct link *bridge, struct error *err)
{
    const struct config_net *net = l->net;

    if (!net->has_veth_vlan_id && !net->veth_vlan_tagged_count)
        return 0;
    if (!bridge || net->veth_router) {
        error_text(err, EINVAL, "lxc.net.%u.veth.vlan needs a bridge", net->index);
        return error_remedy(err, "set a bridge in lxc.net.%u.link, and veth.mode = bridge", net->index);
    }
    for (size_t i = 0; net->has_veth_vlan_id && i < net->veth_vlan_tagged_count; i++)
        if (net->veth_vlan_tagged[i] == net->veth_vlan_id)
            return error_text(err, EINVAL, "lxc.net.%u: VLAN %d is both veth.vlan.id and veth.vlan.tagged.id",
                              net->index, net->veth_vlan_id);
    if (!bridge->bridge_filters_vlans) {
        error_text(err, EINVAL, "lxc.net.%u.veth.vlan: bridge %s does not filter VLANs", net->index,
                   net->link);
        return error_remedy(err, "echo 1 > /sys/class/net/%s/bridge/vlan_filtering", net->link);
    }
    return 0;
}

static void host_join_vlans(struct network_steps *s, const struct network_link *l, const struct link *bridge)
{
    const struct config_net *net = l->net;
    uint16_t own = bridge->bridge_default_vlan;

    if (net->has_veth_vlan_id && own && own != net->veth_vlan_id) {
        network_step(s, l, "remove %s from VLAN %u", l->host_name, own);
        link_port_vlan(&s->b, l->host_index, false, own, true);
    }
    if (net->has_veth_vlan_id && net->veth_vlan_id > 0) {
        network_step(s, l, "add %s to VLAN %d", l->host_name, net->veth_vlan_id);
        link_port_vlan(&s->b, l->host_index, true, (uint16_t)net->veth_vlan_id, true);
    }
    for (size_t i = 0; i < net->veth_vlan_tagged_count; i++) {
        network_step(s, l, "add %s to the tagged VLAN %u", l->host_name, net->veth_vlan_tagged[i]);
        link_port_vlan(&s->b, l->host_index, true, net->veth_vlan_tagged[i], false);
    }
}

/* Router mode: the host answers ARP for the gateway of the container and has routes to its addresses. */
static int host_route_to_container(struct network_steps *s, const struct network_link *l, struct error *err)
{
    const struct config_net *net = l->net;
    struct ip ip;
    int r = 0;

    if (net->ipv4_gateway == GATEWAY_ADDRESS) {
        r = host_set_sysctl(l, l->host_name, AF_INET, "forwarding", err);
        ip = ip_make(AF_INET, net->ipv4_gateway_address);
        host_add_proxy(s, l, &ip, l->host_index, l->host_name);
    }
    if (r == 0 && net->ipv6_gateway == GATEWAY_ADDRESS) {
        r = host_need_sysctl(l, "all", AF_INET6, "forwarding", "router mode", err);
        if (r == 0)
            r = host_set_sysctl(l, l->host_name, AF_INET6, "forwarding", err);
        if (r == 0)
            r = host_set_sysctl(l, l->host_name, AF_INET6, "proxy_ndp", err);
        ip = ip_make(AF_INET6, net->ipv6_gateway_address);
        host_add_proxy(s, l, &ip, l->host_index, l->host_name);
    }
    for (size_t i = 0; i < net->address_count; i++) {
        ip = ip_make(net->addresses[i].family, net->addresses[i].address);
        host_add_route(s, l, &ip, (uint8_t)(ip_size(ip.family) * 8), l->host_index, l->host_name);
    }
    return r;
}

static int host_configure_veth(struct network_steps *s, const char *name, const struct network_link *l,
                               const struct link *parent, struct error *err)
{
    const struct config_net *net = l->net;
    struct link_request up = {.index = l->host_index, .flags = IFF_UP, .change = IFF_UP};
    /* lxc-net learns from it whose port this is. No process in the container can change it. */
    cleanup_free char *alias = format_string(BRIDGE_PORT_ALIAS "%s", name);
    int r = alias ? host_check_vlans(l, parent, err)
                  : error_set(err, ENOMEM, "cannot configure %s", l->host_name);

    if (r == 0 && parent && !net->veth_router) {
        /* A port of a bridge has no addresses, not even link-local ones. */
        r = host_set_sysctl(l, l->host_name, AF_INET6, "disable_ipv6", err);
        if (r == 0)
            host_join_vlans(s, l, parent);
        up.alias = alias;
    }
    network_step(s, l, "set %s up", l->host_name);
    link_change(&s->b, &up);
    for (size_t i = 0; i < net->veth_route_count; i++) {
        struct ip ip = ip_make(net->veth_routes[i].family, net->veth_routes[i].address);

        host_add_route(s, l, &ip, net->veth_routes[i].prefix, l->host_index, l->host_name);
    }
    return r == 0 && net->veth_router ? host_route_to_container(s, l, err) : r;
}

/* lxc.net.N.l2proxy: the link below answers for the container's addresses; an ipvlan in l3s mode receives
 * their packets only if there is a route to the loopback of the host. */
static int host_check_l2proxy(const struct network_link *l, struct error *err)
{
    const struct config_net *net = l->net;
    int r = 0;

    if (net->type == NET_IPVLAN && net->ipvlan_mode != IPVLAN_MODE_L3S) {
        error_text(err, EINVAL, "lxc.net.%u.l2proxy works with ipvlan mode l3s only", net->index);
        return error_remedy(err, "set lxc.net.%u.ipvlan.mode = l3s", net->index);
    }
    for (size_t i = 0; i < net->address_count && r == 0; i++) {
        r = host_need_sysctl(l, net->link, net->addresses[i].family, "forwarding", "l2proxy", err);
        if (r == 0 && net->addresses[i].family == AF_INET6)
            r = host_need_sysctl(l, net->link, AF_INET6, "proxy_ndp", "l2proxy", err);
    }
    return r;
}

static void host_add_l2proxy(struct network_steps *s, struct network_link *l)
{
    const struct config_net *net = l->net;

    l->proxied = true;
    for (size_t i = 0; i < net->address_count; i++) {
        struct ip ip = ip_make(net->addresses[i].family, net->addresses[i].address);

        host_add_proxy(s, l, &ip, l->parent, net->link);
        if (net->type == NET_IPVLAN)
            host_add_route(s, l, &ip, (uint8_t)(ip_size(ip.family) * 8), LOOPBACK_INDEX, "lo");
    }
}

int network_host_unproxy(const struct network_link *l, struct netlink *host, struct error *err)
{
    cleanup_steps struct network_steps s;

    network_steps_init(&s, host, err);
    for (size_t i = 0; i < l->net->address_count; i++) {
        struct ip ip = ip_make(l->net->addresses[i].family, l->net->addresses[i].address);
        struct neighbour proxy = {.index = l->parent, .ip = ip, .flags = NTF_PROXY};
        struct route r = {.destination = {ip, (uint8_t)(ip_size(ip.family) * 8)}, .device = LOOPBACK_INDEX};

        network_step(&s, l, "stop answering for its addresses on %s", l->net->link);
        neighbour_delete(&s.b, &proxy);
        if (l->net->type == NET_IPVLAN) {
            network_step(&s, l, "remove the route to its address");
            route_delete(&s.b, &r);
        }
    }
    return network_steps_run(&s);
}

int network_host_configure(struct network_state *state, const char *name, struct netlink *host,
                           const struct link *parents, struct error *err)
{
    cleanup_steps struct network_steps s;
    int r = 0;

    network_steps_init(&s, host, err);
    for (size_t i = 0; i < state->count && r == 0; i++) {
        struct network_link *l = &state->links[i];

        if (l->net->l2proxy && l->parent)
            r = host_check_l2proxy(l, err);
        if (r == 0 && l->net->l2proxy && l->parent)
            host_add_l2proxy(&s, l);
        if (r == 0 && l->net->type == NET_VETH)
            r = host_configure_veth(&s, name, l, l->parent ? &parents[i] : NULL, err);
    }
    return r < 0 ? r : network_steps_run(&s);
}
