/*
 * Routes: plain structs in, plain structs out. Sources: rtnetlink(7), linux/rtnetlink.h,
 * Documentation/netlink/specs/rt-route.yaml.
 */
#ifndef LXCBOX_NET_ROUTE_H
#define LXCBOX_NET_ROUTE_H

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
    unsigned weight; /* 1 and up */
};

struct route {
    int family;                   /* AF_INET, AF_INET6; 0: that of the addresses below */
    struct ip_prefix destination; /* family 0 or length 0: default */
    struct ip_prefix from;        /* IPv6: packets from these only; family 0: any */
    struct ip gateway;            /* family 0: none; may be IPv6 for IPv4 (RFC 5549) */
    struct ip source;             /* preferred; family 0: none */
    int device, input;            /* index of the outgoing (and incoming, of a lookup) link; 0: none */
    uint32_t table;               /* 0: RT_TABLE_MAIN */
    uint32_t metric;
    bool has_metric;      /* when parsed: it may be 0 */
    uint8_t type;         /* RTN_*; 0: RTN_UNICAST */
    uint8_t scope;        /* RT_SCOPE_* */
    uint8_t protocol;     /* RTPROT_*; 0: not said; when adding RTPROT_BOOT */
    uint8_t tos;          /* type of service */
    uint8_t preference;   /* ICMPV6_ROUTER_PREF_* */
    bool has_preference;  /* when parsed */
    unsigned flags;       /* RTNH_F_*, RTM_F_*, RTCF_* */
    uint32_t mark;        /* of a lookup */
    int32_t expires;      /* ticks of USER_HZ; 0: never */
    uint32_t cache_error; /* an errno */
    uint32_t nexthop_id;
    uint32_t uid; /* that a lookup is for */
    bool has_uid, has_cache;
    uint32_t metrics[ROUTE_METRICS]; /* by RTAX_*; 0: not set */
    const struct route_hop *hops;    /* when adding and deleting: in place of gateway and device */
    size_t hop_count;
    struct netlink_view multipath; /* when parsed: walk it with route_next_hop; lies in the replies */
};

/* Build one message into a batch. `flags` are of NLM_F_CREATE, EXCL, REPLACE, APPEND. */
void route_add(struct netlink_batch *b, const struct route *r, uint16_t flags);
/* What is zero in `r` matches anything. */
void route_delete(struct netlink_batch *b, const struct route *r);
/* Ask which route a packet to r->destination.ip would take; the answer is read with route_parse. */
void route_lookup(struct netlink_batch *b, const struct route *r);

/* Read one RTM_NEWROUTE (or RTM_DELROUTE, of a notification). false where it is none, too short, or neither
 * IPv4 nor IPv6. */
bool route_parse(const struct netlink_message *m, struct route *out);
/* Take the next hop off a route's multipath; false at the end and at the first that lies about its length. */
bool route_next_hop(const struct route *r, struct netlink_view *rest, struct route_hop *out);

/* Replace `replies` by the routes of a family in a table (0: every one); walk them with netlink_next_message
 * and route_parse. Older kernels do not filter by table: look at what came. With `cached` the exceptions that
 * the kernel learned (redirects, path MTUs) instead. */
int route_dump(struct netlink *n, int family, uint32_t table, bool cached, struct strbuf *replies,
               struct error *err);

#endif
