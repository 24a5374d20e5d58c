/* The bridge for a new container of which no configuration says where it belongs. */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_WANTED_H
#define LXCBOX_NET_BRIDGE_BRIDGE_WANTED_H

#include <net/if.h>

#include "core/base/error.h"

/*
 * The bridge of the lxc-net that is up, ours or another; else the one that a settings file of lxc-net says
 * will be up. 0 with the name, -ENOENT where there is neither (`err` is not filled), or another negative
 * errno with `err` filled: a settings file that cannot be used.
 */
int bridge_wanted(char name[IFNAMSIZ], struct error *err);

#endif
