#include "net/bridge/bridge_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "net/link/address.h"
#include "net/bridge/bridge_internal.h"
#include "net/firewall/firewall.h"
#include "net/link/link.h"
#include "net/link/uplink.h"

#define FORWARD4 "/proc/sys/net/ipv4/ip_forward"
#define FORWARD6 "/proc/sys/net/ipv6/conf/all/forwarding"
#define ALIAS    "lxc-net" /* marks a bridge that lxc-net created */

/* --- Forwarding --- */

/* A number from /proc/sys, or -1. */
static int network_read_sysctl(const char *path)
{
    cleanup_free char *text = NULL;
    int64_t value;

    if (file_read(AT_FDCWD, path, 32, &text, NULL) < 0)
        return -1;
    text[strcspn(text, "\n")] = '\0';
    return parse_int64(text, 10, 0, 2, &value) < 0 ? -1 : (int)value;
}

static int network_write_sysctl(const char *path, int value)
{
    return file_write_value(AT_FDCWD, path, value == 2 ? "2" : value ? "1" : "0");
}

static int network_write_accept_ra(const char *link, int value)
{
    cleanup_free char *path = format_string("/proc/sys/net/ipv6/conf/%s/accept_ra", link);

    return path ? network_write_sysctl(path, value) : -ENOMEM;
}

/* Links that would lose their routers when IPv6 forwarding is turned on: those with accept_ra 1, which
 * according to ip-sysctl.rst has an effect only without forwarding. */
static int network_find_accept_ra(struct netlink *n, struct bridge_state *s, struct error *err)
{
    cleanup_free struct link *links = NULL;
    size_t count = 0;
    int r = link_list(n, &links, &count, err);

    for (size_t i = 0; r == 0 && i < count; i++) {
        cleanup_free char *path = format_string("/proc/sys/net/ipv6/conf/%s/accept_ra", links[i].name);

        if (!path)
            return error_set(err, ENOMEM, "cannot turn on forwarding");
        if (!(links[i].flags & IFF_LOOPBACK) && network_read_sysctl(path) == 1 &&
            string_list_add(&s->accept_ra, links[i].name) < 0)
            return error_set(err, ENOMEM, "cannot turn on forwarding");
    }
    return r;
}

/* Record the planned changes, before they are made. */
static int network_plan(struct netlink *n, const struct bridge_request *request, struct bridge_state *s,
                        struct error *err)
{
    *s = (struct bridge_state){.forward4 = -1, .forward6 = -1};
    strcpy(s->bridge, request->settings->bridge);
    if (request->uplink) {
        strcpy(s->uplink, request->uplink);
        return 0;
    }
    if (network_read_sysctl(FORWARD4) == 0)
        s->forward4 = 0;
    if (request->settings->ipv6 && network_read_sysctl(FORWARD6) == 0) {
        s->forward6 = 0;
        return network_find_accept_ra(n, s, err);
    }
    return 0;
}

static int network_forwarding_on(const struct bridge_state *s, struct error *err)
{
    int r = 0;

    for (size_t i = 0; i < s->accept_ra.count; i++)
        network_write_accept_ra(s->accept_ra.items[i], 2); /* ignored if the link is gone meanwhile */
    if (s->forward4 == 0)
        r = network_write_sysctl(FORWARD4, 1);
    if (r == 0 && s->forward6 == 0)
        r = network_write_sysctl(FORWARD6, 1);
    return r < 0 ? error_set(err, r, "cannot turn on forwarding in /proc/sys/net") : 0;
}

static int network_forwarding_off(const struct bridge_state *s, struct error *err)
{
    int first = s->forward4 == 0 ? network_write_sysctl(FORWARD4, 0) : 0;
    int r = s->forward6 == 0 ? network_write_sysctl(FORWARD6, 0) : 0;

    first = first ? first : r;
    for (size_t i = 0; i < s->accept_ra.count; i++) {
        r = network_write_accept_ra(s->accept_ra.items[i], 1);
        first = first || r == -ENOENT ? first : r; /* the link is gone */
    }
    return first < 0 ? error_set(err, first, "cannot turn off forwarding in /proc/sys/net") : 0;
}

/* --- The bridge --- */

static int network_exchange(struct netlink *n, struct netlink_batch *b, struct error *err, const char *what,
                            const char *bridge)
{
    struct netlink_result result;

    if (netlink_exchange(n, b, NULL, &result) == 0)
        return 0;
    netlink_error(&result, err, "%s %s", what, bridge);
    return result.code == -EPERM ? error_remedy(err, "run it as root") : result.code;
}

/* Create the bridge, or use an existing one. */
static int network_create_bridge(struct netlink *n, const char *bridge, const uint8_t hardware[6],
                                 struct link *out, struct error *err)
{
    struct netlink_batch b;
    int r = link_find(n, 0, bridge, out, NULL);

    if (r == -ENODEV) {
        netlink_batch_init(&b);
        link_create(&b, &(struct link_request){.name = bridge, .kind = "bridge"});
        /* The kernel accepts an alias only for an existing link. */
        link_change(&b, &(struct link_request){.name = bridge, .alias = ALIAS});
        r = network_exchange(n, &b, err, "cannot create bridge", bridge);
        if (r == -EOPNOTSUPP)
            return error_remedy(err, "this kernel does not support bridges: it needs CONFIG_BRIDGE");
        if (r == 0)
            r = link_find(n, 0, bridge, out, err);
    }
    if (r < 0)
        return r;
    if (strcmp(out->kind, "bridge") != 0) {
        error_text(err, EEXIST, "%s exists and is not a bridge", bridge);
        return error_remedy(err, "set LXC_BRIDGE to another name in /etc/default/lxc-net");
    }
    netlink_batch_init(&b);
    link_change(
        &b,
        &(struct link_request){
            .index = out->index, .address = hardware, .address_size = 6, .flags = IFF_UP, .change = IFF_UP});
    return network_exchange(n, &b, err, "cannot bring up bridge", bridge);
}

static int network_add_addresses(struct netlink *n, const struct bridge_settings *s, int index,
                                 struct error *err)
{
    struct address a = {.index = index,
                        .local = {.family = AF_INET},
                        .length = (uint8_t)__builtin_popcount(s->netmask),
                        .broadcast = {.family = AF_INET}};
    uint32_t wire = htonl(s->address), broadcast = htonl(s->address | ~s->netmask);
    cleanup_free char *dad = format_string("/proc/sys/net/ipv6/conf/%s/accept_dad", s->bridge);
    cleanup_free char *autoconf = format_string("/proc/sys/net/ipv6/conf/%s/autoconf", s->bridge);
    struct netlink_batch b;

    memcpy(a.local.bytes, &wire, sizeof(wire));
    memcpy(a.broadcast.bytes, &broadcast, sizeof(broadcast));
    netlink_batch_init(&b);
    address_add(&b, &a, true);
    if (s->ipv6) {
        a = (struct address){
            .index = index, .local = {.family = AF_INET6}, .length = s->length6, .flags = IFA_F_NODAD};
        memcpy(a.local.bytes, &s->address6, 16);
        address_add(&b, &a, true);
    }
    /* Without ports, duplicate address detection cannot succeed, and addresses would stay tentative. On a
     * kernel without IPv6, these files do not exist. */
    if (dad)
        network_write_sysctl(dad, 0);
    if (autoconf)
        network_write_sysctl(autoconf, 0);
    return network_exchange(n, &b, err, "cannot add the addresses of bridge", s->bridge);
}

static int network_remove_bridge(struct netlink *n, const char *bridge, struct error *err)
{
    cleanup_strbuf struct strbuf addresses = STRBUF_INIT;
    cleanup_free struct link *links = NULL;
    struct netlink_view rest;
    struct netlink_message m;
    struct netlink_batch b;
    struct link l;
    struct address a;
    size_t count = 0;
    bool has_ports = false;
    int r = link_find(n, 0, bridge, &l, NULL);

    if (r < 0)
        return r == -ENODEV ? 0 : link_find(n, 0, bridge, &l, err);
    r = link_list(n, &links, &count, err);
    for (size_t i = 0; i < count; i++)
        has_ports |= links[i].master == l.index;
    if (r == 0)
        r = address_dump(n, AF_UNSPEC, l.index, &addresses, err);
    if (r < 0)
        return r;
    netlink_batch_init(&b);
    if (!has_ports && strcmp(l.alias, ALIAS) == 0) {
        link_delete(&b, l.index, NULL);
        return network_exchange(n, &b, err, "cannot delete bridge", bridge);
    }
    rest = (struct netlink_view){(const uint8_t *)addresses.text, addresses.length};
    while (netlink_next_message(&rest, &m))
        if (address_parse(&m, &a) && a.index == l.index)
            address_delete(&b, &a);
    link_change(&b, &(struct link_request){.index = l.index, .flags = 0, .change = IFF_UP});
    return network_exchange(n, &b, err, "cannot take down bridge", bridge);
}

/* --- The firewall --- */

static int network_install_firewall(const struct bridge_settings *s, struct error *err)
{
    struct firewall f = {.bridge = s->bridge,
                         .ipv4 = true,
                         .network.s_addr = htonl(s->network),
                         .prefix = s->network_length,
                         .ipv6 = s->ipv6 && s->nat6,
                         .network6 = s->network6,
                         .prefix6 = s->network6_length};

    return firewall_install(-1, &f, err);
}

/* A rule cannot be added without replacing all rules, which is left to iptables-legacy itself. */
static int network_warn_legacy(const char *bridge, struct string_list *warnings, struct error *err)
{
    cleanup_free char *sentence = format_string(
        "iptables-legacy's chain FORWARD (policy DROP) drops what containers send to other networks (run "
        "\"iptables-legacy -I FORWARD -i %s -j ACCEPT; iptables-legacy -I FORWARD -o %s -j ACCEPT\")",
        bridge, bridge);

    return !sentence || string_list_add(warnings, sentence) < 0
               ? error_set(err, ENOMEM, "cannot read the firewall rules")
               : 0;
}

int bridge_network_blocked(const char *bridge, struct string_list *sentences, struct error *err)
{
    cleanup_free struct firewall_obstacle *obstacles = NULL;
    size_t count = 0;
    int r = firewall_obstacles(-1, &obstacles, &count, err);

    for (size_t i = 0; r == 0 && i < count; i++) {
        char name[2 * NFT_NAME_SIZE + 40];
        cleanup_free char *sentence = NULL;

        if (obstacles[i].passable)
            continue;
        sentence = format_string("%s of another firewall drops %s (--allow-forward adds rules for %s there)",
                                 firewall_obstacle_name(&obstacles[i], name, sizeof(name)),
                                 obstacles[i].hook == NF_INET_FORWARD
                                     ? "what containers send to other networks"
                                     : "what containers ask of this host's DHCP and DNS",
                                 bridge);
        if (!sentence || string_list_add(sentences, sentence) < 0)
            r = error_set(err, ENOMEM, "cannot read the firewall rules");
    }
    return r == 0 && firewall_legacy_drops() == 1 ? network_warn_legacy(bridge, sentences, err) : r;
}

static int network_pass_obstacles(const char *bridge, struct error *err)
{
    cleanup_free struct firewall_obstacle *obstacles = NULL;
    size_t count = 0;
    int r = firewall_obstacles(-1, &obstacles, &count, err);

    for (size_t i = 0; r == 0 && i < count; i++)
        r = firewall_pass(-1, &obstacles[i], bridge, err);
    return r;
}

/* --- The network --- */

static int network_start_routed(struct netlink *n, const struct bridge_request *request,
                                const struct bridge_state *state, struct string_list *warnings,
                                struct error *err)
{
    const struct bridge_settings *s = request->settings;
    struct link bridge;
    int r = network_create_bridge(n, s->bridge, s->hardware, &bridge, err);

    if (r == 0)
        r = network_add_addresses(n, s, bridge.index, err);
    if (r == 0)
        r = network_forwarding_on(state, err);
    if (r == 0)
        r = network_install_firewall(s, err);
    if (r == 0 && request->allow_forward)
        r = network_pass_obstacles(s->bridge, err);
    return r == 0 ? bridge_network_blocked(s->bridge, warnings, err) : r;
}

static int network_start_bridged(struct netlink *n, const struct bridge_request *request, struct error *err)
{
    struct link uplink, bridge;
    int r = link_find(n, 0, request->uplink, &uplink, err);

    /* The hardware address of the uplink, so that its DHCP server and its neighbours recognize it. */
    if (r == 0)
        r = network_create_bridge(n, request->settings->bridge, uplink.address, &bridge, err);
    return r == 0 ? uplink_move(n, request->uplink, request->settings->bridge, true, err) : r;
}

int bridge_network_start(const struct bridge_request *request, struct string_list *warnings,
                         struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct bridge_state state = {.forward4 = -1, .forward6 = -1};
    int r = netlink_open(&n, NETLINK_ROUTE, -1, err);

    if (r == 0 && request->uplink)
        r = uplink_check(&n, request->uplink, err);
    if (r == 0 && !request->uplink)
        r = bridge_conflict_check(&n, request->settings, err);
    if (r == 0 && !request->uplink && request->settings->ipv6 && access("/proc/sys/net/ipv6", F_OK) < 0) {
        error_text(err, EAFNOSUPPORT, "LXC_IPV6_ADDR is set, but this kernel has no IPv6");
        r = error_remedy(err, "unset it in /etc/default/lxc-net");
    }
    if (r == 0)
        r = network_plan(&n, request, &state, err);
    if (r == 0)
        r = bridge_state_write(&state, &request->settings->lines, err);
    if (r == 0) {
        r = request->uplink ? network_start_bridged(&n, request, err)
                            : network_start_routed(&n, request, &state, warnings, err);
        if (r < 0)
            bridge_network_stop(NULL);
    }
    bridge_state_free(&state);
    return r;
}

int bridge_network_stop(struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct bridge_state state;
    struct link l;
    struct error later = ERROR_INIT;
    int first = 0, r = bridge_state_read(&state, err);

    if (r < 0)
        return r;
    first = netlink_open(&n, NETLINK_ROUTE, -1, err);
    if (first == 0 && state.uplink[0] && link_find(&n, 0, state.uplink, &l, NULL) == 0 && l.master)
        first = uplink_move(&n, state.uplink, state.bridge, false, err);
    r = firewall_remove(-1, first ? &later : err);
    first = first ? first : r;
    r = network_forwarding_off(&state, first ? &later : err);
    first = first ? first : r;
    r = 0;
    if (n.fd >= 0)
        r = network_remove_bridge(&n, state.bridge, first ? &later : err);
    first = first ? first : r;
    /* What could not be undone stays on record, for the next stop or start. */
    if (first == 0 && unlink(BRIDGE_STATE_FILE) < 0)
        first = error_set(err, errno, "cannot remove %s", BRIDGE_STATE_FILE);
    bridge_state_free(&state);
    return first;
}
