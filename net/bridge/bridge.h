/* lxc-net: bring the network and its server up and down. */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_H
#define LXCBOX_NET_BRIDGE_BRIDGE_H

#include "net/bridge/bridge_network.h"
#include "net/bridge/bridge_server.h"

/*
 * Bring the network up completely, or change nothing. Remains of a crash are removed first; -EBUSY if the
 * network is already up. `foreground`: serve until SIGTERM or SIGINT, then bring the network down and return.
 */
int bridge_up(const struct bridge_request *request, bool foreground, struct string_list *warnings,
              struct error *err);

/* Check whether the settings, LXC_DHCP_CONFILE and the other interfaces allow the network to be brought up;
 * also while it is up. 0, or a negative errno with `err` filled. */
int bridge_check(const struct bridge_request *request, struct error *err);

/* Bring the network down; -ENOENT if it is not up. */
int bridge_down(struct error *err);

#endif
