/*
 * The engine of lxc-net: a bridge for containers, with addresses, forwarding and masquerading; all of it made
 * or none, and all given back. What is changed is written down before it is changed (in the file that stock's
 * lxc-net only touches), so that also what a crash left behind is given back.
 */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_NETWORK_H
#define LXCBOX_NET_BRIDGE_BRIDGE_NETWORK_H

#include <net/if.h>
#include <stdbool.h>

#include "core/base/error.h"
#include "net/bridge/bridge_settings.h"
#include "net/link/netlink.h"

/* Holds the settings that are in force, too, for bridge_settings_read. */
#define BRIDGE_STATE_FILE "/run/lxc/network_up"
#define BRIDGE_PID_FILE   "/run/lxc/lxc-net.pid"

/* What is to be given back. */
struct bridge_state {
    char bridge[IFNAMSIZ];
    char uplink[IFNAMSIZ];        /* "" for none */
    int forward4, forward6;       /* what they were; -1: not changed */
    struct string_list accept_ra; /* links whose accept_ra was 1 and is 2 meanwhile */
};

/* Read what was written down. 0, -ENOENT where the network is not up, or another negative errno. */
int bridge_state_read(struct bridge_state *out, struct error *err);
void bridge_state_free(struct bridge_state *s);

struct bridge_request {
    const struct bridge_settings *settings;
    const char *uplink; /* a link to put into the bridge; NULL: none */
    bool allow_forward; /* put rules into other people's chains that drop what is forwarded */
};

/*
 * Refuse with -EADDRINUSE the network of the settings where another interface has an address in it, or has a
 * peer there. A network that encloses it is no obstacle. The bridge that is up now does not count.
 */
int bridge_conflict_check(struct netlink *n, const struct bridge_settings *s, struct error *err);

/*
 * Make the network. With an uplink the bridge is a part of the uplink's network, and there is nothing to
 * masquerade, to lease and to answer. Sentences a person should read are added to `warnings`. On failure all
 * is as it was.
 */
int bridge_network_start(const struct bridge_request *r, struct string_list *warnings, struct error *err);

/* What somebody else's firewall drops of what containers send, a sentence for each chain that does. As root.
 */
int bridge_network_blocked(const char *bridge, struct string_list *sentences, struct error *err);

/* Give everything back; carries on over failures, of which the first is returned. A bridge that has ports
 * stays, without address and down, as with stock. */
int bridge_network_stop(struct error *err);

#endif
