/* A wired link put into a bridge, with its addresses and routes, and taken out again. */
#ifndef LXCBOX_NET_UPLINK_H
#define LXCBOX_NET_UPLINK_H

#include <net/if.h>

#include "core/base/error.h"
#include "net/link/netlink.h"

/* Whether the link may go into a bridge: it is there, no loopback, no other bridge's port, and not wireless
 * (a wireless access point takes frames from one hardware address only). 0 or a negative errno. */
int uplink_check(struct netlink *n, const char *link, struct error *err);

/* The link that the default route of a family leads over; -ENODEV where there is none. */
int uplink_default(struct netlink *n, int family, char out[IFNAMSIZ], struct error *err);

/*
 * Make the link a port of the bridge (`join`), or take it out, and move addresses and routes to the bridge,
 * or back: in one message to the kernel, so that connections survive. The bridge is up and has the link's
 * hardware address.
 */
int uplink_move(struct netlink *n, const char *link, const char *bridge, bool join, struct error *err);

#endif
