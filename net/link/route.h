/*
 * Routes, converted between structs and netlink messages. Sources: rtnetlink(7), linux/rtnetlink.h,
 * Documentation/netlink/specs/rt-route.yaml.
 */
#ifndef LXCBOX_NET_LINK_ROUTE_H
#define LXCBOX_NET_LINK_ROUTE_H

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/address.h"
#include "net/link/netlink.h"

#define ROUTE_METRICS 18 /* RTAX_MAX + 1 */

struct route_hop {
    struct ip gateway;
    int device;
    unsigned flags;  /* RTNH_F_* */
    unsigned weight; /* at least 1 */
};

struct route {
    int family;                   /* AF_INET, AF_INET6; 0: the family of the addresses below */
    struct ip_prefix destination; /* family 0 or length 0: default */
    struct ip_prefix from;        /* IPv6: only packets from these addresses; family 0: any */
    struct ip gateway;            /* family 0: none; may be IPv6 for IPv4 (RFC 5549) */
    struct ip source;             /* preferred; family 0: none */
    int device, input; /* index of the outgoing link (and, in a lookup, of the incoming one); 0: none */
    uint32_t table;    /* 0: RT_TABLE_MAIN */
    uint32_t metric;
    bool has_metric;      /* when parsed: `metric` may be 0 */
    uint8_t type;         /* RTN_*; 0: RTN_UNICAST */
    uint8_t scope;        /* RT_SCOPE_* */
    uint8_t protocol;     /* RTPROT_*; 0: not reported; when adding: RTPROT_BOOT */
    uint8_t tos;          /* type of service */
    uint8_t preference;   /* ICMPV6_ROUTER_PREF_* */
    bool has_preference;  /* when parsed */
    unsigned flags;       /* RTNH_F_*, RTM_F_*, RTCF_* */
    uint32_t mark;        /* for a lookup */
    int32_t expires;      /* ticks of USER_HZ; 0: never */
    uint32_t cache_error; /* an errno */
    uint32_t nexthop_id;
    uint32_t uid; /* for a lookup */
    bool has_uid, has_cache;
    uint32_t metrics[ROUTE_METRICS]; /* by RTAX_*; 0: not set */
    const struct route_hop *hops;    /* when adding or deleting: instead of gateway and device */
    size_t hop_count;
    struct netlink_view multipath; /* when parsed: see route_next_hop; points into the replies */
};

/* Build one message into a batch. `flags`: NLM_F_CREATE, EXCL, REPLACE, APPEND. */
void route_add(struct netlink_batch *b, const struct route *route, uint16_t flags);
/* A member of `route` that is zero matches any value. */
void route_delete(struct netlink_batch *b, const struct route *route);
/* Request the route of a packet to route->destination.ip. The reply is parsed by route_parse. */
void route_lookup(struct netlink_batch *b, const struct route *route);

/* Parse one RTM_NEWROUTE (or, in a notification, RTM_DELROUTE). False if the message is of another type, too
 * short, or neither IPv4 nor IPv6. */
bool route_parse(const struct netlink_message *m, struct route *out);
/* Take the next hop off the multipath of a route. False at the end, and at a hop whose length is wrong. */
bool route_next_hop(const struct route *route, struct netlink_view *rest, struct route_hop *out);

/* Replace the contents of `replies` with the routes of a family in a table (0: all tables). Iterate with
 * netlink_next_message and route_parse. Older kernels do not filter by table, so the caller has to check each
 * entry. With `cached`, the exceptions that the kernel learned (redirects, path MTUs) are dumped instead. */
int route_dump(struct netlink *n, int family, uint32_t table, bool cached, struct strbuf *replies,
               struct error *err);

#endif
