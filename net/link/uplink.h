/* Moving a wired link into a bridge, with its addresses and routes, and out of it again. */
#ifndef LXCBOX_NET_LINK_UPLINK_H
#define LXCBOX_NET_LINK_UPLINK_H

#include <net/if.h>

#include "core/base/error.h"
#include "net/link/netlink.h"

/*
 * Check that the link may become a port of a bridge: it exists, and is not a loopback, a port of another
 * bridge or wireless (an access point accepts frames from one hardware address only). 0 or a negative errno.
 */
int uplink_check(struct netlink *n, const char *link, struct error *err);

/* The link of the default route of a family; -ENODEV if there is no default route. */
int uplink_default(struct netlink *n, int family, char out[IFNAMSIZ], struct error *err);

/*
 * Make the link a port of the bridge (`join`), or remove it from the bridge, and move addresses and routes to
 * the bridge, or back. All changes are sent to the kernel at once, so that connections survive. The bridge
 * must be up and have the hardware address of the link.
 */
int uplink_move(struct netlink *n, const char *link, const char *bridge, bool join, struct error *err);

#endif
