/* The bridge for a new container whose configuration does not name one. */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_WANTED_H
#define LXCBOX_NET_BRIDGE_BRIDGE_WANTED_H

#include <net/if.h>

#include "core/base/error.h"

/*
 * The bridge of the lxc-net that is up (lxcbox's or another one), else the one named in a settings file of
 * lxc-net. Returns 0 with the name, -ENOENT if there is neither (`err` is not filled), or another negative
 * errno with `err` filled if a settings file cannot be used.
 */
int bridge_wanted(char name[IFNAMSIZ], struct error *err);

#endif
