/* Printing a link. */
#include <arpa/inet.h>
#include <net/if_arp.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"

#ifndef ARPHRD_IP6GRE /* missing in net/if_arp.h of the C library */
#define ARPHRD_IP6GRE 823
#endif

/* Defined in linux/if.h, which conflicts with net/if.h. */
#define FLAG_LOWER_UP 0x10000
#define FLAG_DORMANT  0x20000
#define FLAG_ECHO     0x40000

static const struct ip_name flag_names[] = {
    {"LOOPBACK", IFF_LOOPBACK},
    {"BROADCAST", IFF_BROADCAST},
    {"POINTOPOINT", IFF_POINTOPOINT},
    {"MULTICAST", IFF_MULTICAST},
    {"NOARP", IFF_NOARP},
    {"ALLMULTI", IFF_ALLMULTI},
    {"PROMISC", IFF_PROMISC},
    {"MASTER", IFF_MASTER},
    {"SLAVE", IFF_SLAVE},
    {"DEBUG", IFF_DEBUG},
    {"DYNAMIC", IFF_DYNAMIC},
    {"AUTOMEDIA", IFF_AUTOMEDIA},
    {"PORTSEL", IFF_PORTSEL},
    {"NOTRAILERS", IFF_NOTRAILERS},
    {"UP", IFF_UP},
    {"LOWER_UP", FLAG_LOWER_UP},
    {"DORMANT", FLAG_DORMANT},
    {"ECHO", FLAG_ECHO},
    {NULL, 0},
};

/* Hardware types of linux/if_arp.h with their names in iproute2, for the types of links that are common on
 * hosts. */
static const struct ip_name types[] = {
    {"netrom", ARPHRD_NETROM},
    {"ether", ARPHRD_ETHER},
    {"ieee802", ARPHRD_IEEE802},
    {"infiniband", ARPHRD_INFINIBAND},
    {"slip", ARPHRD_SLIP},
    {"cslip", ARPHRD_CSLIP},
    {"can", ARPHRD_CAN},
    {"ppp", ARPHRD_PPP},
    {"ipip", ARPHRD_TUNNEL},
    {"tunnel6", ARPHRD_TUNNEL6},
    {"loopback", ARPHRD_LOOPBACK},
    {"sit", ARPHRD_SIT},
    {"gre", ARPHRD_IPGRE},
    {"gre6", ARPHRD_IP6GRE},
    {"pimreg", ARPHRD_PIMREG},
    {"ieee802.11", ARPHRD_IEEE80211},
    {"ieee802.11/prism", ARPHRD_IEEE80211_PRISM},
    {"ieee802.11/radiotap", ARPHRD_IEEE80211_RADIOTAP},
    {"ieee802.15.4", ARPHRD_IEEE802154},
    {"rawip", ARPHRD_RAWIP},
    {"void", ARPHRD_VOID},
    {"none", ARPHRD_NONE},
    {NULL, 0},
};

static const char *const states[] = {"UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN",
                                     "TESTING", "DORMANT",    "UP"};

const char *ip_hardware_address(const struct link *l, const uint8_t *bytes, size_t size,
                                char out[3 * LINK_ADDRESS_MAX])
{
    bool is_ip = l->type == ARPHRD_TUNNEL || l->type == ARPHRD_SIT || l->type == ARPHRD_IPGRE;
    size_t n = 0;

    out[0] = '\0';
    if (is_ip && size == 4)
        return inet_ntop(AF_INET, bytes, out, 3 * LINK_ADDRESS_MAX);
    if ((l->type == ARPHRD_TUNNEL6 || l->type == ARPHRD_IP6GRE) && size == 16)
        return inet_ntop(AF_INET6, bytes, out, 3 * LINK_ADDRESS_MAX);
    for (size_t i = 0; i < size; i++)
        n += (size_t)sprintf(out + n, "%s%02x", i ? ":" : "", bytes[i]);
    return out;
}

static void link_show_hardware_address(struct ip_call *c, const struct link *l, const char *key,
                                       const char *text, const uint8_t *bytes, size_t size)
{
    char buffer[3 * LINK_ADDRESS_MAX];

    output_string(&c->out, key, text, ip_hardware_address(l, bytes, size, buffer));
}

/* "eth0@if7", "macvlan0@eth0"; in JSON the parent is a separate member. */
static bool link_show_name(struct ip_call *c, const struct link *l, const char *format)
{
    const struct link *parent = NULL;
    char full[2 * IFNAMSIZ + 1];
    const char *below = "NONE";
    char number[16];

    if (!l->has_parent) {
        output_string(&c->out, "ifname", format, l->name);
        return false;
    }
    if (l->parent && l->has_parent_netns) {
        snprintf(number, sizeof(number), "if%d", l->parent);
        below = number;
        if (c->out.json)
            output_number(&c->out, "link_index", NULL, l->parent);
    } else if (l->parent) {
        below = ip_link_name(c, l->parent);
        parent = ip_link_at(c, l->parent);
    }
    if (c->out.json && !(l->parent && l->has_parent_netns)) {
        if (l->parent)
            output_string(&c->out, "link", NULL, below);
        else
            output_null(&c->out, "link", NULL);
    }
    snprintf(full, sizeof(full), "%s@%s", l->name, below);
    output_string(&c->out, "ifname", format, c->out.json ? l->name : full);
    return parent && !(parent->flags & IFF_UP);
}

static void link_show_flags(struct ip_call *c, const struct link *l, bool parent_down)
{
    unsigned left = l->flags & ~(unsigned)IFF_RUNNING;
    const char *separator = "";
    char number[16];

    output_open(&c->out, "flags", '[');
    output_text(&c->out, "<");
    if (l->flags & IFF_UP && !(l->flags & IFF_RUNNING)) {
        output_string(&c->out, NULL, "%s", "NO-CARRIER");
        separator = ",";
    }
    for (const struct ip_name *f = flag_names; f->name; f++) {
        if (!(left & f->value))
            continue;
        output_text(&c->out, "%s", separator);
        output_string(&c->out, NULL, "%s", f->name);
        separator = ",";
        left &= ~f->value;
    }
    if (left) {
        snprintf(number, sizeof(number), "%x", left);
        output_text(&c->out, "%s", separator);
        output_string(&c->out, NULL, "%s", number);
    }
    if (parent_down)
        output_string(&c->out, NULL, ",%s", "M-DOWN");
    output_text(&c->out, "> ");
    output_close(&c->out, ']');
}

static void link_show_state(struct ip_call *c, const struct link *l, const char *format)
{
    char number[16];

    snprintf(number, sizeof(number), "%#x", l->state);
    output_string(&c->out, "operstate", format, l->state < ARRAY_LENGTH(states) ? states[l->state] : number);
}

static void link_show_brief(struct ip_call *c, const struct link *l, bool for_addresses)
{
    bool parent_down = link_show_name(c, l, "%-16s ");

    link_show_state(c, l, "%-14s ");
    if (for_addresses && c->shown_family != AF_PACKET)
        return;
    if (l->address_size)
        link_show_hardware_address(c, l, "address", "%s ", l->address, l->address_size);
    link_show_flags(c, l, parent_down);
    output_text(&c->out, "\n");
}

static void link_show_hardware(struct ip_call *c, const struct link *l)
{
    char number[24];
    const char *type = ip_label(c, types, l->type, number);

    if (type == number)
        snprintf(number, sizeof(number), "[%u]", l->type);
    output_text(&c->out, "%s", c->line);
    output_string(&c->out, "link_type", "    link/%s ", type);
    if (l->address_size)
        link_show_hardware_address(c, l, "address", "%s", l->address, l->address_size);
    if (l->broadcast_size) {
        if (c->out.json && l->flags & IFF_POINTOPOINT)
            output_true(&c->out, "link_pointtopoint", NULL);
        link_show_hardware_address(c, l, "broadcast", l->flags & IFF_POINTOPOINT ? " peer %s" : " brd %s",
                                   l->broadcast, l->broadcast_size);
    }
    if (l->permanent_address_size && (l->permanent_address_size != l->address_size ||
                                      memcmp(l->permanent_address, l->address, l->address_size) != 0))
        link_show_hardware_address(c, l, "permaddr", " permaddr %s", l->permanent_address,
                                   l->permanent_address_size);
}

static void link_show_parent_netns(struct ip_call *c, const struct link *l)
{
    char name[256];

    if (c->out.json) {
        output_number(&c->out, "link_netnsid", NULL, l->parent_netns);
        return;
    }
    if (l->parent_netns < 0)
        output_text(&c->out, " link-netnsid unknown");
    else if (ip_netns_name_of(c, l->parent_netns, name)[0])
        output_text(&c->out, " link-netns %s", name);
    else
        output_text(&c->out, " link-netnsid %d", l->parent_netns);
}

/* Settings specific to a kind, for the kinds that containers use. */
static void link_show_kind_data(struct ip_call *c, const struct link *l)
{
    static const struct ip_name macvlan[] = {
        {"private", MACVLAN_MODE_PRIVATE},   {"vepa", MACVLAN_MODE_VEPA},     {"bridge", MACVLAN_MODE_BRIDGE},
        {"passthru", MACVLAN_MODE_PASSTHRU}, {"source", MACVLAN_MODE_SOURCE}, {NULL, 0}};
    static const struct ip_name ipvlan[] = {
        {"l2", IPVLAN_MODE_L2}, {"l3", IPVLAN_MODE_L3}, {"l3s", IPVLAN_MODE_L3S}, {NULL, 0}};
    char number[16];

    if (strcmp(l->kind, "macvlan") == 0 || strcmp(l->kind, "macvtap") == 0) {
        output_string(&c->out, "mode", "mode %s ", ip_name_of(macvlan, l->macvlan_mode, number));
        if (l->has_macvlan_queue) {
            output_number(&c->out, "bcqueuelen", "bcqueuelen %lld ", l->macvlan_queue);
            output_number(&c->out, "usedbcqueuelen", "usedbcqueuelen %lld ", l->macvlan_queue_used);
        }
    } else if (strcmp(l->kind, "ipvlan") == 0) {
        output_string(&c->out, "mode", " mode %s ", ip_name_of(ipvlan, l->ipvlan_mode, number));
        output_string(&c->out, "mode_flag", "%s ",
                      l->ipvlan_flags & IPVLAN_F_PRIVATE ? "private"
                      : l->ipvlan_flags & IPVLAN_F_VEPA  ? "vepa"
                                                         : "bridge");
    } else if (strcmp(l->kind, "vlan") == 0) {
        output_string(&c->out, "protocol", "protocol %s ",
                      ntohs(l->vlan_protocol) == 0x88a8 ? "802.1ad" : "802.1Q");
        output_number(&c->out, "id", "id %lld ", l->vlan_id);
    } else if (strcmp(l->kind, "bridge") == 0) {
        output_number(&c->out, "vlan_filtering", "vlan_filtering %lld ", l->bridge_filters_vlans);
        output_number(&c->out, "vlan_default_pvid", "vlan_default_pvid %lld ", l->bridge_default_vlan);
    }
}

static void link_show_details(struct ip_call *c, const struct link *l, bool for_addresses)
{
    static const char *const generation[] = {"eui64", "none", "stable_secret", "random"};

    output_number(&c->out, "promiscuity", " promiscuity %lld ", l->promiscuity);
    output_number(&c->out, "allmulti", " allmulti %lld ", l->all_multicast);
    output_number(&c->out, "min_mtu", "minmtu %lld ", l->min_mtu);
    output_number(&c->out, "max_mtu", "maxmtu %lld ", l->max_mtu);
    if (l->kind[0] || l->port_kind[0]) {
        output_open(&c->out, "linkinfo", '{');
        if (l->kind[0]) {
            output_text(&c->out, "%s", c->line);
            output_string(&c->out, "info_kind", "    %s ", l->kind);
            output_open(&c->out, "info_data", '{');
            link_show_kind_data(c, l);
            output_close(&c->out, '}');
        }
        if (l->port_kind[0]) {
            output_text(&c->out, "%s", c->line);
            output_string(&c->out, "info_slave_kind", "    %s_slave ", l->port_kind);
        }
        output_close(&c->out, '}');
    }
    if (!for_addresses && l->address_generation >= 0 && l->address_generation < (int)ARRAY_LENGTH(generation))
        output_string(&c->out, "inet6_addr_gen_mode", "addrgenmode %s ", generation[l->address_generation]);
    output_number(&c->out, "num_tx_queues", "numtxqueues %lld ", l->send_queues);
    output_number(&c->out, "num_rx_queues", "numrxqueues %lld ", l->receive_queues);
    output_number(&c->out, "gso_max_size", "gso_max_size %lld ", l->gso_max_size);
    output_number(&c->out, "gso_max_segs", "gso_max_segs %lld ", l->gso_max_segments);
    output_number(&c->out, "tso_max_size", "tso_max_size %lld ", l->tso_max_size);
    output_number(&c->out, "tso_max_segs", "tso_max_segs %lld ", l->tso_max_segments);
    output_number(&c->out, "gro_max_size", "gro_max_size %lld ", l->gro_max_size);
}

void ip_link_show(struct ip_call *c, const struct link *l, bool for_addresses)
{
    static const struct ip_name groups[] = {{"default", 0}, {NULL, 0}};
    static const struct ip_name modes[] = {{"DEFAULT", 0}, {"DORMANT", 1}, {NULL, 0}};
    static const struct ip_name events[] = {{"REBOOT", IFLA_EVENT_REBOOT},
                                            {"FEATURE CHANGE", IFLA_EVENT_FEATURES},
                                            {"BONDING FAILOVER", IFLA_EVENT_BONDING_FAILOVER},
                                            {"NOTIFY PEERS", IFLA_EVENT_NOTIFY_PEERS},
                                            {"RESEND IGMP", IFLA_EVENT_IGMP_RESEND},
                                            {"BONDING OPTION", IFLA_EVENT_BONDING_OPTIONS},
                                            {NULL, 0}};
    /* With -6 address, iproute2 shows the kernel's IPv6 data of links, which lack these. */
    bool all = !for_addresses || c->one_link || c->options->family != AF_INET6;
    char number[16];

    if (c->options->brief) {
        link_show_brief(c, l, for_addresses);
        return;
    }
    output_number(&c->out, "ifindex", "%lld: ", l->index);
    link_show_flags(c, l, link_show_name(c, l, "%s: "));
    output_number(&c->out, "mtu", "mtu %lld ", l->mtu);
    if (l->queueing[0] && all)
        output_string(&c->out, "qdisc", "qdisc %s ", l->queueing);
    if (l->master && all)
        output_string(&c->out, "master", "master %s ", ip_link_name(c, l->master));
    link_show_state(c, l, "state %s ");
    if (!for_addresses)
        output_string(&c->out, "linkmode", "mode %s ", ip_name_of(modes, l->mode, number));
    if (all && l->family != AF_BRIDGE)
        output_string(&c->out, "group", "group %s ", ip_label(c, groups, l->group, number));
    if (l->queue_length && !c->events)
        output_number(&c->out, "txqlen", "qlen %lld", l->queue_length);
    if (l->event)
        output_string(&c->out, "event", "event %s ", ip_name_of(events, l->event, number));
    if (!for_addresses || c->shown_family == AF_UNSPEC || c->shown_family == AF_PACKET || c->options->details)
        link_show_hardware(c, l);
    if (l->has_parent_netns)
        link_show_parent_netns(c, l);
    if (c->options->details && l->family != AF_BRIDGE)
        link_show_details(c, l, for_addresses);
    if (l->alias[0] && (!for_addresses || c->options->details)) {
        output_text(&c->out, "%s    ", c->line);
        output_string(&c->out, "ifalias", "alias %s", l->alias);
    }
    if (c->options->statistics && !for_addresses) {
        output_text(&c->out, "%s", c->line);
        ip_link_statistics(c, l);
    }
    if (l->alternative_names[0]) {
        output_open(&c->out, "altnames", '[');
        for (const char *p = l->alternative_names; *p; p += strlen(p) + 1) {
            output_text(&c->out, "%s    altname ", c->line);
            output_string(&c->out, NULL, "%s", p);
        }
        output_close(&c->out, ']');
    }
    output_text(&c->out, "\n");
}

/* Store the link of the event, so that later output uses its new name. */
static void link_store(struct ip_call *c, const struct link *l)
{
    struct link *more;

    for (size_t i = 0; i < c->link_count; i++) {
        if (c->links[i].index != l->index)
            continue;
        c->links[i] = c->deleted ? c->links[--c->link_count] : *l;
        return;
    }
    more = c->deleted ? NULL : reallocarray(c->links, c->link_count + 1, sizeof(*more));
    if (!more)
        return;
    c->links = more;
    c->links[c->link_count++] = *l;
}

void ip_link_event(struct ip_call *c, const struct netlink_message *m)
{
    struct link l;

    if (!link_parse(m, &l))
        return;
    if (l.family != AF_BRIDGE)
        link_store(c, &l);
    output_open(&c->out, NULL, '{');
    ip_event_begin(c);
    ip_link_show(c, &l, true);
    output_close(&c->out, '}');
}

/* --- Statistics: a table as wide as its numbers --- */

#define COLUMNS 7

/*
 * A number, or with -human-readable three digits and a unit: "1.43G", "1.33Gi" with -iec. The result is
 * rounded.
 */
static const char *number_text(const struct ip_call *c, uint64_t value, char out[24])
{
    const char *unit = "kMGTPE";
    unsigned base = c->options->iec ? 1024 : 1000;
    double rest = (double)value / base;

    if (!c->options->human || value < base) {
        snprintf(out, 24, "%llu", (unsigned long long)value);
        return out;
    }
    for (; rest >= base && unit[1]; unit++)
        rest /= base;
    snprintf(out, 24, "%.*f%c%s",
             rest < 10    ? 2
             : rest < 100 ? 1
                          : 0,
             rest, *unit, c->options->iec ? "i" : "");
    return out;
}

static void columns_widen(const struct ip_call *c, int *widths, const uint64_t *values)
{
    char text[24];

    for (int i = 0; i < COLUMNS; i++) {
        int n = (int)strlen(number_text(c, values[i], text));

        widths[i] = n > widths[i] ? n : widths[i];
    }
}

static void link_show_table(struct ip_call *c, const char *const *titles, const int *widths,
                            const uint64_t *values)
{
    bool compressed = values[COLUMNS - 1] != 0;
    char text[24];

    output_text(&c->out, "    %s: %*s", titles[0], widths[0] - 4, "bytes");
    for (int i = 1; i < COLUMNS; i++)
        output_text(&c->out, " %*s", widths[i], i == COLUMNS - 1 && !compressed ? "" : titles[i]);
    output_text(&c->out, "%s    ", c->line);
    for (int i = 0; i < COLUMNS - !compressed; i++)
        output_text(&c->out, "%*s ", widths[i], number_text(c, values[i], text));
}

static void link_show_direction(struct ip_call *c, const char *key, const char *const *keys,
                                const uint64_t *values)
{
    output_open(&c->out, key, '{');
    for (int i = 0; i < COLUMNS; i++)
        if (keys[i] && (i < COLUMNS - 1 || values[i]))
            output_number(&c->out, keys[i], NULL, (int64_t)values[i]);
    output_close(&c->out, '}');
}

void ip_link_statistics(struct ip_call *c, const struct link *l)
{
    static const char *const received[] = {"RX",     "packets", "errors",    "dropped",
                                           "missed", "mcast",   "compressed"};
    static const char *const sent[] = {"TX",      "packets", "errors",    "dropped",
                                       "carrier", "collsns", "compressed"};
    static const char *const received_keys[] = {"bytes",       "packets",   "errors",    "dropped",
                                                "over_errors", "multicast", "compressed"};
    static const char *const sent_keys[] = {"bytes",          "packets",    "errors",    "dropped",
                                            "carrier_errors", "collisions", "compressed"};
    const struct link_statistics *r = &l->received, *s = &l->sent;
    uint64_t in[COLUMNS] = {r->bytes,  r->packets,   r->errors,    r->dropped,
                            r->missed, r->multicast, r->compressed};
    uint64_t out[COLUMNS] = {s->bytes,  s->packets,   s->errors,    s->dropped,
                             s->missed, s->multicast, s->compressed};
    int widths[COLUMNS] = {10, 7, 6, 7, 7, 7, 10};

    if (c->out.json) {
        in[4] = r->overrun;
        output_open(&c->out, "stats64", '{');
        link_show_direction(c, "rx", received_keys, in);
        link_show_direction(c, "tx", sent_keys, out);
        output_close(&c->out, '}');
        return;
    }
    columns_widen(c, widths, in);
    columns_widen(c, widths, out);
    link_show_table(c, received, widths, in);
    output_text(&c->out, "%s", c->line);
    link_show_table(c, sent, widths, out);
}
