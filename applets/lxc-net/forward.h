/* lxc-net forward: ports of this host that lead to containers. See lxc-net.1. */
#ifndef LXCBOX_APPLETS_LXC_NET_FORWARD_H
#define LXCBOX_APPLETS_LXC_NET_FORWARD_H

#include "applets/cli/applet.h"

/* What follows "forward" on the command line. The exit status, or a negative errno with `err` filled. */
int lxc_net_forward(const struct invocation *in, char **words, struct error *err);

/* Start, where it does not run, the process that keeps forwards. 1, 0 where it runs, or a negative errno. */
int lxc_net_forward_start(struct error *err);

#endif
