/*
 * The ids that a network namespace has for others (network_namespaces(7), ip-netns(8)). Sources: rtnetlink's
 * RTM_GETNSID, linux/net_namespace.h.
 */
#ifndef LXCBOX_NET_LINK_NSID_H
#define LXCBOX_NET_LINK_NSID_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/netlink.h"

#define NSID_NONE (-1)

struct nsid {
    int32_t id;      /* in the namespace of the request */
    int32_t current; /* in the namespace of the socket, if the request is about another one; else NSID_NONE */
};

/* The id of an open network namespace in the namespace of `n`; NSID_NONE if it has none. */
int nsid_of(struct netlink *n, int netns);

/*
 * Build a request for the ids in the namespace that has the id `target` (NSID_NONE: the namespace of the
 * socket), for netlink_dump, or with an `id` for netlink_exchange.
 */
void nsid_get(struct netlink_batch *b, int32_t target, int32_t id);

/* Parse one reply. False if the message is of another type. */
bool nsid_parse(const struct netlink_message *m, struct nsid *out);

#endif
