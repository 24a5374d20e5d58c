/*
 * Neighbours: the link-layer address of an IP address on a link, and the addresses for which a link answers
 * as a proxy. Converted between structs and netlink messages. Sources: rtnetlink(7), linux/neighbour.h,
 * Documentation/netlink/specs/rt-neigh.yaml.
 */
#ifndef LXCBOX_NET_LINK_NEIGHBOUR_H
#define LXCBOX_NET_LINK_NEIGHBOUR_H

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
    size_t address_size;                                 /* bytes; 0: unknown */
    uint16_t state;                                      /* NUD_* */
    uint8_t flags;                                       /* NTF_PROXY, NTF_ROUTER, ... */
    uint8_t protocol;                                    /* RTPROT_*; 0: not reported */
    bool has_times;                                      /* when parsed: the next three are set */
    uint32_t used_ticks, confirmed_ticks, updated_ticks; /* of USER_HZ, before now */
    uint32_t references, probes;
};

/* Build one message into a batch. `flags`: NLM_F_CREATE, EXCL, REPLACE. */
void neighbour_add(struct netlink_batch *b, const struct neighbour *a, uint16_t flags);
void neighbour_delete(struct netlink_batch *b, const struct neighbour *a);

/* Parse one RTM_NEWNEIGH (or, in a notification, RTM_DELNEIGH). False if the message is of another type, too
 * short, or about an entry other than IPv4, IPv6 or one that a bridge learned. An entry that a bridge learned
 * has only a link-layer address; `ip` then has family 0. */
bool neighbour_parse(const struct netlink_message *m, struct neighbour *out);

/* Replace the contents of `replies` with the neighbours of a family (AF_UNSPEC: all) on a link (0: every
 * link), or with the proxy entries. Iterate with netlink_next_message and neighbour_parse. */
int neighbour_dump(struct netlink *n, int family, int index, bool proxies, struct strbuf *replies,
                   struct error *err);

#endif
