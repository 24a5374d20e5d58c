#include "net/link/link.h"

#include <ctype.h>
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"

/* The options of a port are named for the kind of its master: "bridge_slave". */
#define PORT_SUFFIX "_slave"

/* --- Building --- */

static struct ifinfomsg link_header(const struct link_request *r)
{
    return (struct ifinfomsg){
        .ifi_family = AF_UNSPEC, .ifi_index = r->index, .ifi_flags = r->flags, .ifi_change = r->change};
}

static void link_put_common(struct netlink_batch *b, const struct link_request *r)
{
    if (r->address)
        netlink_put(b, IFLA_ADDRESS, r->address, r->address_size);
    if (r->broadcast)
        netlink_put(b, IFLA_BROADCAST, r->broadcast, r->address_size);
    if (r->mtu)
        netlink_put_u32(b, IFLA_MTU, r->mtu);
    if (r->has_queue_length)
        netlink_put_u32(b, IFLA_TXQLEN, r->queue_length);
    if (r->master)
        netlink_put_u32(b, IFLA_MASTER, (uint32_t)*r->master);
    if (r->netns)
        netlink_put_u32(b, IFLA_NET_NS_FD, (uint32_t)*r->netns);
    if (r->alias)
        netlink_put(b, IFLA_IFALIAS, r->alias, strlen(r->alias));
    if (r->group)
        netlink_put_u32(b, IFLA_GROUP, *r->group);
    if (r->parent)
        netlink_put_u32(b, IFLA_LINK, (uint32_t)r->parent);
    if (r->receive_queues)
        netlink_put_u32(b, IFLA_NUM_RX_QUEUES, r->receive_queues);
    if (r->send_queues)
        netlink_put_u32(b, IFLA_NUM_TX_QUEUES, r->send_queues);
}

/* Attributes that only this kind of link has. */
static void link_put_kind_data(struct netlink_batch *b, uint16_t type, const struct link_request *r)
{
    size_t data = netlink_nest(b, type);

    if (r->peer) {
        struct ifinfomsg header = link_header(r->peer);
        size_t peer = netlink_nest(b, VETH_INFO_PEER);

        netlink_append(b, &header, sizeof(header));
        if (r->peer->name)
            netlink_put_string(b, IFLA_IFNAME, r->peer->name);
        link_put_common(b, r->peer);
        netlink_nest_end(b, peer);
    }
    if (r->vlan_id)
        netlink_put_u16(b, IFLA_VLAN_ID, r->vlan_id);
    if (r->macvlan_mode)
        netlink_put_u32(b, IFLA_MACVLAN_MODE, r->macvlan_mode);
    if (r->ipvlan_mode) {
        netlink_put_u16(b, IFLA_IPVLAN_MODE, *r->ipvlan_mode);
        netlink_put_u16(b, IFLA_IPVLAN_FLAGS, r->ipvlan_flags);
    }
    for (size_t i = 0; i < r->option_count; i++) {
        const struct link_option *o = &r->options[i];

        if (o->size == 1)
            netlink_put_u8(b, o->type, (uint8_t)o->value);
        else if (o->size == 2)
            netlink_put_u16(b, o->type, (uint16_t)o->value);
        else
            netlink_put_u32(b, o->type, o->value);
    }
    netlink_nest_end(b, data);
}

static void link_put_kind(struct netlink_batch *b, const struct link_request *r)
{
    size_t info = netlink_nest(b, IFLA_LINKINFO), n = strlen(r->kind);
    bool port = ends_with(r->kind, PORT_SUFFIX);

    netlink_put(b, port ? IFLA_INFO_SLAVE_KIND : IFLA_INFO_KIND, r->kind, port ? n - strlen(PORT_SUFFIX) : n);
    link_put_kind_data(b, port ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA, r);
    netlink_nest_end(b, info);
}

void link_create(struct netlink_batch *b, const struct link_request *r)
{
    struct ifinfomsg header = link_header(r);

    netlink_begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
    if (r->name)
        netlink_put_string(b, IFLA_IFNAME, r->name);
    link_put_common(b, r);
    link_put_kind(b, r);
}

void link_change(struct netlink_batch *b, const struct link_request *r)
{
    struct ifinfomsg header = link_header(r);

    netlink_begin(b, RTM_NEWLINK, 0, &header, sizeof(header));
    if (r->index && r->new_name)
        netlink_put_string(b, IFLA_IFNAME, r->new_name);
    else if (!r->index && r->name)
        netlink_put_string(b, IFLA_IFNAME, r->name);
    link_put_common(b, r);
    if (r->kind)
        link_put_kind(b, r);
}

static void link_put_reference(struct netlink_batch *b, uint16_t type, int index, const char *name)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = index};

    netlink_begin(b, type, 0, &header, sizeof(header));
    if (!index && name)
        netlink_put_string(b, IFLA_IFNAME, name);
}

void link_delete(struct netlink_batch *b, int index, const char *name)
{
    link_put_reference(b, RTM_DELLINK, index, name);
}

void link_get(struct netlink_batch *b, int index, const char *name)
{
    link_put_reference(b, RTM_GETLINK, index, name);
}

void link_port_vlan(struct netlink_batch *b, int port, bool add, uint16_t vlan_id, bool untagged)
{
    struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = port};
    struct bridge_vlan_info info = {
        .flags = untagged && add ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0, .vid = vlan_id};
    size_t nest;

    netlink_begin(b, add ? RTM_SETLINK : RTM_DELLINK, 0, &header, sizeof(header));
    nest = netlink_nest(b, IFLA_AF_SPEC);
    netlink_put_u16(b, IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_MASTER);
    netlink_put(b, IFLA_BRIDGE_VLAN_INFO, &info, sizeof(info));
    netlink_nest_end(b, nest);
}

void link_port_hairpin(struct netlink_batch *b, int port, bool on)
{
    struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = port};
    size_t nest;

    netlink_begin(b, RTM_SETLINK, 0, &header, sizeof(header));
    nest = netlink_nest(b, IFLA_PROTINFO);
    netlink_put_u8(b, IFLA_BRPORT_MODE, on);
    netlink_nest_end(b, nest);
}

void link_alternative_name(struct netlink_batch *b, int index, bool add, const char *name)
{
    size_t nest;

    link_put_reference(b, add ? RTM_NEWLINKPROP : RTM_DELLINKPROP, index, NULL);
    nest = netlink_nest(b, IFLA_PROP_LIST);
    netlink_put_string(b, IFLA_ALT_IFNAME, name);
    netlink_nest_end(b, nest);
}

/* --- Reading --- */

static void link_parse_kind_data(struct netlink_view data, struct link *out)
{
    struct netlink_attribute a;

    while (netlink_next_attribute(&data, &a)) {
        if (strcmp(out->kind, "vlan") == 0 && a.type == IFLA_VLAN_ID)
            out->vlan_id = netlink_u16(&a);
        else if (strcmp(out->kind, "vlan") == 0 && a.type == IFLA_VLAN_PROTOCOL)
            out->vlan_protocol = netlink_u16(&a);
        else if (strcmp(out->kind, "macvlan") == 0 && a.type == IFLA_MACVLAN_MODE)
            out->macvlan_mode = netlink_u32(&a);
        else if (strcmp(out->kind, "macvlan") == 0 && a.type == IFLA_MACVLAN_BC_QUEUE_LEN) {
            out->macvlan_queue = netlink_u32(&a);
            out->has_macvlan_queue = true;
        } else if (strcmp(out->kind, "macvlan") == 0 && a.type == IFLA_MACVLAN_BC_QUEUE_LEN_USED)
            out->macvlan_queue_used = netlink_u32(&a);
        else if (strcmp(out->kind, "ipvlan") == 0 && a.type == IFLA_IPVLAN_MODE)
            out->ipvlan_mode = netlink_u16(&a);
        else if (strcmp(out->kind, "ipvlan") == 0 && a.type == IFLA_IPVLAN_FLAGS)
            out->ipvlan_flags = netlink_u16(&a);
        else if (strcmp(out->kind, "bridge") == 0 && a.type == IFLA_BR_VLAN_FILTERING)
            out->bridge_filters_vlans = netlink_u8(&a) != 0;
        else if (strcmp(out->kind, "bridge") == 0 && a.type == IFLA_BR_VLAN_DEFAULT_PVID)
            out->bridge_default_vlan = netlink_u16(&a);
        else if (strcmp(out->kind, "tun") == 0 && a.type < ARRAY_LENGTH(out->tun)) {
            out->tun[a.type] = a.payload.length < 4 ? netlink_u8(&a) : netlink_u32(&a);
            out->tun_has |= (uint16_t)(1U << a.type);
        }
    }
}

static void link_parse_kind(struct netlink_view info, struct link *out)
{
    struct netlink_attribute a;

    while (netlink_next_attribute(&info, &a)) {
        if (a.type == IFLA_INFO_KIND)
            netlink_string(&a, out->kind, sizeof(out->kind));
        else if (a.type == IFLA_INFO_DATA)
            link_parse_kind_data(a.payload, out); /* the kernel sends the kind first */
        else if (a.type == IFLA_INFO_SLAVE_KIND)
            netlink_string(&a, out->port_kind, sizeof(out->port_kind));
    }
}

static void link_parse_alternative_names(struct netlink_view list, struct link *out)
{
    struct netlink_attribute a;
    size_t used = 0;

    while (netlink_next_attribute(&list, &a)) {
        size_t n = strnlen((const char *)a.payload.bytes, a.payload.length);

        if (a.type != IFLA_ALT_IFNAME || !n || n + 2 > sizeof(out->alternative_names) - used)
            continue;
        memcpy(out->alternative_names + used, a.payload.bytes, n);
        used += n + 1;
    }
}

/* IFLA_AF_SPEC: one nested attribute for each address family. */
static void link_parse_families(struct netlink_view families, struct link *out)
{
    struct netlink_attribute family, a;

    while (netlink_next_attribute(&families, &family))
        while (family.type == AF_INET6 && netlink_next_attribute(&family.payload, &a))
            if (a.type == IFLA_INET6_ADDR_GEN_MODE)
                out->address_generation = netlink_u8(&a);
}

static void link_parse_statistics(const struct netlink_attribute *a, struct link *out)
{
    struct rtnl_link_stats64 s;

    netlink_bytes(a, &s, sizeof(s));
    out->received = (struct link_statistics){.packets = s.rx_packets,
                                             .bytes = s.rx_bytes,
                                             .errors = s.rx_errors,
                                             .dropped = s.rx_dropped,
                                             .missed = s.rx_missed_errors,
                                             .multicast = s.multicast,
                                             .overrun = s.rx_over_errors,
                                             .compressed = s.rx_compressed};
    out->sent = (struct link_statistics){.packets = s.tx_packets,
                                         .bytes = s.tx_bytes,
                                         .errors = s.tx_errors,
                                         .dropped = s.tx_dropped,
                                         .missed = s.tx_carrier_errors,
                                         .multicast = s.collisions,
                                         .compressed = s.tx_compressed};
}

/* The attributes that are one number of 32 bits. */
static const struct {
    uint16_t type;
    size_t offset;
} link_numbers[] = {
    {IFLA_MTU, offsetof(struct link, mtu)},
    {IFLA_GROUP, offsetof(struct link, group)},
    {IFLA_TXQLEN, offsetof(struct link, queue_length)},
    {IFLA_PROMISCUITY, offsetof(struct link, promiscuity)},
    {IFLA_MIN_MTU, offsetof(struct link, min_mtu)},
    {IFLA_MAX_MTU, offsetof(struct link, max_mtu)},
    {IFLA_ALLMULTI, offsetof(struct link, all_multicast)},
    {IFLA_NUM_RX_QUEUES, offsetof(struct link, receive_queues)},
    {IFLA_NUM_TX_QUEUES, offsetof(struct link, send_queues)},
    {IFLA_GSO_MAX_SIZE, offsetof(struct link, gso_max_size)},
    {IFLA_GSO_MAX_SEGS, offsetof(struct link, gso_max_segments)},
    {IFLA_TSO_MAX_SIZE, offsetof(struct link, tso_max_size)},
    {IFLA_TSO_MAX_SEGS, offsetof(struct link, tso_max_segments)},
    {IFLA_GRO_MAX_SIZE, offsetof(struct link, gro_max_size)},
    {IFLA_EVENT, offsetof(struct link, event)},
};

static void link_parse_number(const struct netlink_attribute *a, struct link *out)
{
    uint32_t number = netlink_u32(a);

    for (size_t i = 0; i < ARRAY_LENGTH(link_numbers); i++)
        if (link_numbers[i].type == a->type)
            memcpy((char *)out + link_numbers[i].offset, &number, sizeof(number));
}

static void link_parse_attribute(const struct netlink_attribute *a, struct link *out)
{
    switch (a->type) {
    case IFLA_IFNAME:
        netlink_string(a, out->name, sizeof(out->name));
        break;
    case IFLA_ADDRESS:
        out->address_size = netlink_bytes(a, out->address, sizeof(out->address));
        break;
    case IFLA_BROADCAST:
        out->broadcast_size = netlink_bytes(a, out->broadcast, sizeof(out->broadcast));
        break;
    case IFLA_OPERSTATE:
        out->state = netlink_u8(a);
        break;
    case IFLA_LINKMODE:
        out->mode = netlink_u8(a);
        break;
    case IFLA_QDISC:
        netlink_string(a, out->queueing, sizeof(out->queueing));
        break;
    case IFLA_IFALIAS:
        netlink_string(a, out->alias, sizeof(out->alias));
        break;
    case IFLA_LINK:
        out->parent = (int)netlink_u32(a);
        out->has_parent = true;
        break;
    case IFLA_LINK_NETNSID:
        out->parent_netns = (int)netlink_u32(a);
        out->has_parent_netns = true;
        break;
    case IFLA_PERM_ADDRESS:
        out->permanent_address_size =
            netlink_bytes(a, out->permanent_address, sizeof(out->permanent_address));
        break;
    case IFLA_PROP_LIST:
        link_parse_alternative_names(a->payload, out);
        break;
    case IFLA_AF_SPEC:
        link_parse_families(a->payload, out);
        break;
    case IFLA_MASTER:
        out->master = (int)netlink_u32(a);
        break;
    case IFLA_LINKINFO:
        link_parse_kind(a->payload, out);
        break;
    case IFLA_STATS64:
        link_parse_statistics(a, out);
        break;
    default:
        link_parse_number(a, out);
        break;
    }
}

bool link_parse(const struct netlink_message *m, struct link *out)
{
    struct netlink_view rest = m->payload;
    struct netlink_attribute a;
    struct ifinfomsg header;

    if ((m->type != RTM_NEWLINK && m->type != RTM_DELLINK) ||
        !netlink_take_header(&rest, &header, sizeof(header)))
        return false;
    *out = (struct link){.index = header.ifi_index,
                         .family = header.ifi_family,
                         .type = header.ifi_type,
                         .flags = header.ifi_flags,
                         .parent_netns = -1,
                         .address_generation = -1};
    while (netlink_next_attribute(&rest, &a))
        link_parse_attribute(&a, out);
    return true;
}

int link_find(struct netlink *n, int index, const char *name, struct link *out, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct netlink_result result;
    struct netlink_batch b;
    struct netlink_message m;
    struct netlink_view rest;

    if (!index && !link_name_valid(name))
        return error_text(err, ENODEV, "\"%s\" cannot be the name of a network interface", name);
    netlink_batch_init(&b);
    link_get(&b, index, name);
    if (netlink_exchange(n, &b, &replies, &result) < 0) {
        if (result.code == -ENODEV && name)
            return error_text(err, ENODEV, "there is no network interface %s", name);
        return netlink_error(&result, err, "cannot look up network interface %s",
                             name ? name : "by its index");
    }
    rest = netlink_view_of(&replies);
    while (netlink_next_message(&rest, &m))
        if (link_parse(&m, out))
            return 0;
    return error_text(err, EBADMSG, "cannot parse the kernel's reply about a network interface");
}

int link_list(struct netlink *n, struct link **out, size_t *count, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct netlink_result result;
    struct netlink_batch b;
    struct netlink_message m;
    struct netlink_view rest;
    cleanup_free struct link *links = NULL;
    size_t used = 0, room = 0;

    netlink_batch_init(&b);
    netlink_begin(&b, RTM_GETLINK, 0, &header, sizeof(header));
    if (netlink_dump(n, &b, &replies, &result) < 0)
        return netlink_error(&result, err, "cannot list the network interfaces");
    rest = netlink_view_of(&replies);
    while (netlink_next_message(&rest, &m)) {
        if (used == room) {
            struct link *more = reallocarray(links, room = room ? room * 2 : 8, sizeof(*links));

            if (!more)
                return error_set(err, ENOMEM, "cannot list the network interfaces");
            links = more;
        }
        used += link_parse(&m, &links[used]);
    }
    *out = take_ptr(links);
    *count = used;
    return 0;
}

/* --- Names and addresses --- */

bool link_name_valid(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (const char *p = name; *p; p++)
        if (*p == '/' || *p == ':' || isspace((unsigned char)*p))
            return false;
    return true;
}

int link_address_parse(const char *text, uint8_t out[LINK_ADDRESS_MAX])
{
    int count = 0;

    for (;;) {
        int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

        if (high < 0 || count == LINK_ADDRESS_MAX)
            return -EINVAL;
        out[count++] = (uint8_t)(low < 0 ? high : high * 16 + low);
        text += low < 0 ? 1 : 2;
        if (!*text)
            return count;
        if (*text++ != ':')
            return -EINVAL;
    }
}
