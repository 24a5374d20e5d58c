/*
 * Neighbours: which link-layer address an IP address has on a link, and for which addresses a link answers as
 * a proxy. Plain structs in, plain structs out. Sources: rtnetlink(7), linux/neighbour.h,
 * Documentation/netlink/specs/rt-neigh.yaml.
 */
#ifndef LXCBOX_NET_NEIGHBOUR_H
#define LXCBOX_NET_NEIGHBOUR_H

#include <linux/neighbour.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/address.h"
#include "net/link/link.h"
#include "net/link/netlink.h"

struct neighbour {
    int index; /* of the link */
    struct ip ip;
    uint8_t address[LINK_ADDRESS_MAX];                   /* link-layer */
    size_t address_size;                                 /* bytes; 0: not known */
    uint16_t state;                                      /* NUD_* */
    uint8_t flags;                                       /* NTF_PROXY, NTF_ROUTER, ... */
    uint8_t protocol;                                    /* RTPROT_*; 0: not said */
    bool has_times;                                      /* the next three, when parsed */
    uint32_t used_ticks, confirmed_ticks, updated_ticks; /* of USER_HZ, ago */
    uint32_t references, probes;
};

/* Build one message into a batch. `flags` are of NLM_F_CREATE, EXCL, REPLACE. */
void neighbour_add(struct netlink_batch *b, const struct neighbour *a, uint16_t flags);
void neighbour_delete(struct netlink_batch *b, const struct neighbour *a);

/* Read one RTM_NEWNEIGH (or RTM_DELNEIGH, of a notification). false where it is none, too short, or neither
 * IPv4 nor IPv6, nor what a bridge learned: that has a link-layer address alone, `ip` is of family 0. */
bool neighbour_parse(const struct netlink_message *m, struct neighbour *out);

/* Replace `replies` by the neighbours of a family (AF_UNSPEC: all) on a link (0: on every one), or by what is
 * answered for as a proxy; walk them with netlink_next_message and neighbour_parse. */
int neighbour_dump(struct netlink *n, int family, int index, bool proxies, struct strbuf *replies,
                   struct error *err);

#endif
