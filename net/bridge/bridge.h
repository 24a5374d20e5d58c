/* lxc-net as a whole: the network and its server, up and down. */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_H
#define LXCBOX_NET_BRIDGE_BRIDGE_H

#include "net/bridge/bridge_network.h"
#include "net/bridge/bridge_server.h"

/*
 * Bring it up: all of it, or nothing is changed. What a crash left behind is cleared first; a network that is
 * up is refused with -EBUSY. `foreground`: serve until SIGTERM or SIGINT, then bring it down and return.
 */
int bridge_up(const struct bridge_request *r, bool foreground, struct string_list *warnings,
              struct error *err);

/* Whether it can be brought up as far as the settings, LXC_DHCP_CONFILE and other interfaces say, also while
 * it is up. 0, or a negative errno with `err` filled. */
int bridge_check(const struct bridge_request *r, struct error *err);

/* Bring it down; -ENOENT where it is not up. */
int bridge_down(struct error *err);

#endif
