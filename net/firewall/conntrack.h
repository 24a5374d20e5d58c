/*
 * Connections that the kernel tracks. It translates a UDP client's datagrams as it did the first, for as long
 * as they keep coming: when the translation of a port changes, what is known of its clients has to be
 * forgotten. Source: linux/netfilter/nfnetlink_conntrack.h.
 */
#ifndef LXCBOX_NET_CONNTRACK_H
#define LXCBOX_NET_CONNTRACK_H

#include <stdint.h>

#include "core/base/error.h"
#include "net/link/address.h"
#include "net/link/netlink.h"

/* What a connection is known by: the first packet's destination. */
struct conntrack_tuple {
    uint8_t protocol;
    uint16_t port;  /* 0: the protocol has none */
    struct ip host; /* family 0: not said */
};

/* Read one message of a dump; `original` is the part to name the connection by. false where it is none. */
bool conntrack_parse(const struct netlink_message *m, struct conntrack_tuple *out,
                     struct netlink_view *original);

/*
 * Forget the connections of a family (AF_*) whose first packet went to a port of a host (family 0: of any).
 * `n`: a socket of NETLINK_NETFILTER. 0 or a negative errno.
 */
int conntrack_forget(struct netlink *n, int family, uint8_t protocol, const struct ip *host, uint16_t port);

#endif
