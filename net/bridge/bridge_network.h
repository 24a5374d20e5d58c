/*
 * The engine of lxc-net: a bridge for containers, with addresses, forwarding and masquerading. It is set up
 * completely or not at all, and every change is undone. Changes are recorded before they are made (in the
 * file that the lxc-net of stock LXC only touches), so that they can be undone after a crash too.
 */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_NETWORK_H
#define LXCBOX_NET_BRIDGE_BRIDGE_NETWORK_H

#include <net/if.h>
#include <stdbool.h>

#include "core/base/error.h"
#include "net/bridge/bridge_settings.h"
#include "net/link/netlink.h"

/* Also holds the settings in force, in the format of bridge_settings_read. */
#define BRIDGE_STATE_FILE "/run/lxc/network_up"
#define BRIDGE_PID_FILE   "/run/lxc/lxc-net.pid"

/* The changes to undo. */
struct bridge_state {
    char bridge[IFNAMSIZ];
    char uplink[IFNAMSIZ];        /* "" for none */
    int forward4, forward6;       /* previous values; -1: not changed */
    struct string_list accept_ra; /* links whose accept_ra was changed from 1 to 2 */
};

/* Read the record. 0, -ENOENT if the network is not up, or another negative errno. */
int bridge_state_read(struct bridge_state *out, struct error *err);
void bridge_state_free(struct bridge_state *s);

struct bridge_request {
    const struct bridge_settings *settings;
    const char *uplink; /* a link to add to the bridge; NULL: none */
    bool allow_forward; /* add rules to chains of other owners that drop forwarded packets */
};

/*
 * Refuse the network of the settings with -EADDRINUSE if another interface has an address or a peer in it. A
 * network that encloses it is allowed. The bridge that is up now is ignored.
 */
int bridge_conflict_check(struct netlink *n, const struct bridge_settings *s, struct error *err);

/*
 * Set up the network. With an uplink, the bridge is part of the network of the uplink, without masquerading,
 * DHCP and DNS. Sentences for the user are added to `warnings`. On failure, all changes are undone.
 */
int bridge_network_start(const struct bridge_request *request, struct string_list *warnings,
                         struct error *err);

/*
 * Report which packets of containers other firewalls drop: a sentence for each such chain. Requires root.
 */
int bridge_network_blocked(const char *bridge, struct string_list *sentences, struct error *err);

/* Undo all changes. Continues after failures and returns the first; the record is then kept. A bridge with
 * ports stays, down and without addresses, as in stock LXC. */
int bridge_network_stop(struct error *err);

#endif
