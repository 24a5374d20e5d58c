/* The network of a new container without a configuration. Shared by the applets that create containers. */
#ifndef LXCBOX_APPLETS_NEW_NETWORK_H
#define LXCBOX_APPLETS_NEW_NETWORK_H

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "core/storage/create.h"
#include "net/bridge/bridge_wanted.h"

/* Set create->bridge; `bridge` holds its name. Returns 0, or a negative errno with `err` filled. */
static inline int new_network(struct create_options *create, char bridge[IFNAMSIZ], struct error *err)
{
    int r;

    /* Only root can add a port to a bridge. */
    if (!create_without_config(create) || geteuid() != 0)
        return 0;
    r = bridge_wanted(bridge, err);
    if (r == 0)
        create->bridge = bridge;
    return r == -ENOENT ? 0 : r;
}

/* Print a line if the new container has no network. */
static inline void new_network_print(const struct create_options *create, const struct container *c)
{
    if (create->bridge || !create_without_config(create))
        return;
    if (geteuid() != 0)
        printf("Container %s has no network: only root can connect one to a bridge\n", c->name);
    else
        printf(
            "Container %s has no network: run \"lxc-net start\" before lxc-create, or set lxc.net.0.type = "
            "veth, lxc.net.0.link and lxc.net.0.flags = up in %s/%s/config\n",
            c->name, c->lxcpath, c->name);
}

#endif
