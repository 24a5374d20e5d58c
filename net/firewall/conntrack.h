/*
 * Connection tracking entries of the kernel. The kernel translates all datagrams of a UDP client as it
 * translated the first one. When the translation of a port changes, the entries of its clients therefore have
 * to be deleted. Source: linux/netfilter/nfnetlink_conntrack.h.
 */
#ifndef LXCBOX_NET_FIREWALL_CONNTRACK_H
#define LXCBOX_NET_FIREWALL_CONNTRACK_H

#include <stdint.h>

#include "core/base/error.h"
#include "net/link/address.h"
#include "net/link/netlink.h"

/* The key of a connection: the destination of its first packet. */
struct conntrack_tuple {
    uint8_t protocol;
    uint16_t port;  /* 0: the protocol has no ports */
    struct ip host; /* family 0: not reported */
};

/* Parse one message of a dump. `original` is the tuple that identifies the connection. False if the message
 * is of another type. */
bool conntrack_parse(const struct netlink_message *m, struct conntrack_tuple *out,
                     struct netlink_view *original);

/*
 * Delete the entries of a family (AF_*) whose first packet was sent to a port of a host (family 0: any host).
 * `n`: a socket of NETLINK_NETFILTER. 0 or a negative errno.
 */
int conntrack_forget(struct netlink *n, int family, uint8_t protocol, const struct ip *host, uint16_t port);

#endif
