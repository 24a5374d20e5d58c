#include "net/link/route.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* --- Building --- */

static int route_family(const struct route *route)
{
    return route->family                  ? route->family
           : route->destination.ip.family ? route->destination.ip.family
           : route->gateway.family        ? route->gateway.family
                                          : AF_INET;
}

static void route_put_gateway(struct netlink_batch *b, int family, const struct ip *gateway)
{
    struct {
        uint16_t family;
        uint8_t bytes[16];
    } via = {.family = (uint16_t)gateway->family};
    size_t size = ip_size(gateway->family);

    if (gateway->family == family) {
        netlink_put(b, RTA_GATEWAY, gateway->bytes, size);
    } else if (size) {
        memcpy(via.bytes, gateway->bytes, size);
        netlink_put(b, RTA_VIA, &via, sizeof(via.family) + size);
    }
}

static void route_put_metrics(struct netlink_batch *b, const struct route *route)
{
    size_t nest = 0;

    for (uint16_t i = 1; i < ROUTE_METRICS; i++) {
        if (route->metrics[i] && !nest)
            nest = netlink_nest(b, RTA_METRICS);
        if (route->metrics[i])
            netlink_put_u32(b, i, route->metrics[i]);
    }
    if (nest)
        netlink_nest_end(b, nest);
}

static void route_put_hops(struct netlink_batch *b, int family, const struct route *route)
{
    size_t nest = netlink_nest(b, RTA_MULTIPATH);

    for (size_t i = 0; i < route->hop_count; i++) {
        const struct route_hop *hop = &route->hops[i];
        struct rtnexthop h = {.rtnh_flags = (uint8_t)hop->flags,
                              .rtnh_hops = (uint8_t)(hop->weight - 1),
                              .rtnh_ifindex = hop->device};
        size_t start = b->length;

        netlink_append(b, &h, sizeof(h));
        route_put_gateway(b, family, &hop->gateway);
        netlink_nest_end(b, start); /* the length comes first, as in an attribute */
    }
    netlink_nest_end(b, nest);
}

static void route_put(struct netlink_batch *b, uint16_t type, uint16_t flags, struct rtmsg header,
                      const struct route *route)
{
    int family = route_family(route);
    size_t size = ip_size(family);
    uint32_t table = route->table;

    header.rtm_family = (uint8_t)family;
    header.rtm_dst_len = route->destination.ip.family ? route->destination.length : 0;
    header.rtm_src_len = route->from.ip.family ? route->from.length : 0;
    header.rtm_tos = route->tos;
    header.rtm_table = (uint8_t)(table > UINT8_MAX ? RT_TABLE_UNSPEC : table);
    netlink_begin(b, type, flags, &header, sizeof(header));
    if (header.rtm_dst_len)
        netlink_put(b, RTA_DST, route->destination.ip.bytes, size);
    if (header.rtm_src_len)
        netlink_put(b, RTA_SRC, route->from.ip.bytes, size);
    if (table > UINT8_MAX)
        netlink_put_u32(b, RTA_TABLE, table);
    if (route->gateway.family)
        route_put_gateway(b, family, &route->gateway);
    if (route->source.family)
        netlink_put(b, RTA_PREFSRC, route->source.bytes, ip_size(route->source.family));
    if (route->device)
        netlink_put_u32(b, RTA_OIF, (uint32_t)route->device);
    if (route->input)
        netlink_put_u32(b, RTA_IIF, (uint32_t)route->input);
    if (route->metric)
        netlink_put_u32(b, RTA_PRIORITY, route->metric);
    if (route->mark)
        netlink_put_u32(b, RTA_MARK, route->mark);
    if (route->has_uid)
        netlink_put_u32(b, RTA_UID, route->uid);
    if (route->has_preference)
        netlink_put_u8(b, RTA_PREF, route->preference);
    route_put_metrics(b, route);
    if (route->hop_count)
        route_put_hops(b, family, route);
}

void route_add(struct netlink_batch *b, const struct route *route, uint16_t flags)
{
    struct route full = *route;

    full.table = route->table ? route->table : RT_TABLE_MAIN;
    route_put(b, RTM_NEWROUTE, flags,
              (struct rtmsg){.rtm_type = route->type ? route->type : RTN_UNICAST,
                             .rtm_scope = route->scope,
                             .rtm_protocol = route->protocol ? route->protocol : RTPROT_BOOT,
                             .rtm_flags = route->flags},
              &full);
}

void route_delete(struct netlink_batch *b, const struct route *route)
{
    struct route full = *route;

    full.table = route->table ? route->table : RT_TABLE_MAIN;
    route_put(b, RTM_DELROUTE, 0,
              (struct rtmsg){.rtm_type = route->type,
                             .rtm_scope = route->scope ? route->scope : RT_SCOPE_NOWHERE,
                             .rtm_protocol = route->protocol,
                             .rtm_flags = route->flags},
              &full);
}

void route_lookup(struct netlink_batch *b, const struct route *route)
{
    route_put(b, RTM_GETROUTE, 0, (struct rtmsg){.rtm_flags = route->flags}, route);
}

/* --- Reading --- */

/* RTA_VIA: a family, then an address of that family. */
static void route_parse_via(const struct netlink_attribute *a, struct ip *out)
{
    struct netlink_attribute ip = *a;
    uint16_t family = netlink_u16(a);

    *out = (struct ip){0};
    if (a->payload.length < sizeof(family))
        return;
    ip.payload.bytes += sizeof(family);
    ip.payload.length -= sizeof(family);
    ip_read(&ip, family, out);
}

static void route_parse_metrics(struct netlink_view rest, struct route *out)
{
    struct netlink_attribute a;

    while (netlink_next_attribute(&rest, &a))
        if (a.type < ROUTE_METRICS)
            out->metrics[a.type] = netlink_u32(&a);
}

static void route_parse_cache(const struct netlink_attribute *a, struct route *out)
{
    struct rta_cacheinfo c;

    if (netlink_bytes(a, &c, sizeof(c)) < sizeof(c))
        return;
    out->has_cache = true;
    out->expires = c.rta_expires;
    out->cache_error = c.rta_error;
}

static void route_parse_attribute(const struct netlink_attribute *a, struct route *out)
{
    switch (a->type) {
    case RTA_DST:
        ip_read(a, out->family, &out->destination.ip);
        break;
    case RTA_SRC:
        ip_read(a, out->family, &out->from.ip);
        break;
    case RTA_GATEWAY:
        ip_read(a, out->family, &out->gateway);
        break;
    case RTA_VIA:
        route_parse_via(a, &out->gateway);
        break;
    case RTA_PREFSRC:
        ip_read(a, out->family, &out->source);
        break;
    case RTA_OIF:
        out->device = (int)netlink_u32(a);
        break;
    case RTA_IIF:
        out->input = (int)netlink_u32(a);
        break;
    case RTA_PRIORITY:
        out->metric = netlink_u32(a);
        out->has_metric = true;
        break;
    case RTA_TABLE:
        out->table = netlink_u32(a);
        break;
    case RTA_MARK:
        out->mark = netlink_u32(a);
        break;
    case RTA_UID:
        out->uid = netlink_u32(a);
        out->has_uid = true;
        break;
    case RTA_PREF:
        out->preference = netlink_u8(a);
        out->has_preference = true;
        break;
    case RTA_NH_ID:
        out->nexthop_id = netlink_u32(a);
        break;
    case RTA_CACHEINFO:
        route_parse_cache(a, out);
        break;
    case RTA_METRICS:
        route_parse_metrics(a->payload, out);
        break;
    case RTA_MULTIPATH:
        out->multipath = a->payload;
        break;
    default:
        break;
    }
}

bool route_parse(const struct netlink_message *m, struct route *out)
{
    struct netlink_view rest = m->payload;
    struct netlink_attribute a;
    struct rtmsg header;

    if ((m->type != RTM_NEWROUTE && m->type != RTM_DELROUTE) ||
        !netlink_take_header(&rest, &header, sizeof(header)) || !ip_size(header.rtm_family))
        return false;
    *out =
        (struct route){.family = header.rtm_family,
                       .destination = {{.family = header.rtm_family}, header.rtm_dst_len},
                       .from = {{.family = header.rtm_src_len ? header.rtm_family : 0}, header.rtm_src_len},
                       .table = header.rtm_table,
                       .type = header.rtm_type,
                       .scope = header.rtm_scope,
                       .protocol = header.rtm_protocol,
                       .tos = header.rtm_tos,
                       .flags = header.rtm_flags};
    while (netlink_next_attribute(&rest, &a))
        route_parse_attribute(&a, out);
    return true;
}

bool route_next_hop(const struct route *route, struct netlink_view *rest, struct route_hop *out)
{
    struct netlink_view attributes;
    struct netlink_attribute a;
    struct rtnexthop h;
    size_t padded;

    if (rest->length < sizeof(h))
        return false;
    memcpy(&h, rest->bytes, sizeof(h));
    if (h.rtnh_len < sizeof(h) || h.rtnh_len > rest->length)
        return false;
    attributes = (struct netlink_view){rest->bytes + sizeof(h), h.rtnh_len - sizeof(h)};
    padded = ((size_t)h.rtnh_len + 3) & ~(size_t)3;
    padded = padded < rest->length ? padded : rest->length;
    rest->bytes += padded;
    rest->length -= padded;
    *out = (struct route_hop){.device = h.rtnh_ifindex, .flags = h.rtnh_flags, .weight = h.rtnh_hops + 1U};
    while (netlink_next_attribute(&attributes, &a)) {
        if (a.type == RTA_GATEWAY)
            ip_read(&a, route->family, &out->gateway);
        else if (a.type == RTA_VIA)
            route_parse_via(&a, &out->gateway);
    }
    return true;
}

int route_dump(struct netlink *n, int family, uint32_t table, bool cached, struct strbuf *replies,
               struct error *err)
{
    struct rtmsg header = {.rtm_family = (uint8_t)family, .rtm_flags = cached ? RTM_F_CLONED : 0};
    struct netlink_result result;
    struct netlink_batch b;

    netlink_batch_init(&b);
    netlink_begin(&b, RTM_GETROUTE, 0, &header, sizeof(header));
    if (table)
        netlink_put_u32(&b, RTA_TABLE, table);
    if (netlink_dump(n, &b, replies, &result) < 0 &&
        result.code != -ENOENT) /* the table does not exist: no routes */
        return netlink_error(&result, err, "cannot list the routes");
    return 0;
}
