/* lxc-net forward: ports of this host that are forwarded to containers. See lxc-net.1. */
#ifndef LXCBOX_APPLETS_LXC_NET_FORWARD_H
#define LXCBOX_APPLETS_LXC_NET_FORWARD_H

#include "applets/cli/applet.h"

/* Run the words after "forward" on the command line. Returns the exit status, or a negative errno with `err`
 * filled. */
int lxc_net_forward(const struct invocation *in, char **words, struct error *err);

/* Start the process that keeps forwards if it is not running. 1, 0 if it was running, or a negative errno. */
int lxc_net_forward_start(struct error *err);

#endif
