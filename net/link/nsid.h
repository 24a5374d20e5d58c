/*
 * The ids by which a network namespace knows others (network_namespaces(7), ip-netns(8)). Sources:
 * rtnetlink's RTM_GETNSID, linux/net_namespace.h.
 */
#ifndef LXCBOX_NET_NSID_H
#define LXCBOX_NET_NSID_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/netlink.h"

#define NSID_NONE (-1)

struct nsid {
    int32_t id;      /* in the namespace that was asked about */
    int32_t current; /* in that of the socket, where another one was asked about; else NSID_NONE */
};

/* The id of an open network namespace in that of `n`; NSID_NONE. */
int nsid_of(struct netlink *n, int netns);

/*
 * Build a request for the ids that the namespace with the id `target` gives (NSID_NONE: that of the socket):
 * to dump, or with an `id` to exchange.
 */
void nsid_get(struct netlink_batch *b, int32_t target, int32_t id);

/* Read one answer. False where it is none. */
bool nsid_parse(const struct netlink_message *m, struct nsid *out);

#endif
