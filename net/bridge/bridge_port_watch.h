/* The process that opens a packet socket on each port of the bridge: see bridge_ports.h. */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_PORT_WATCH_H
#define LXCBOX_NET_BRIDGE_BRIDGE_PORT_WATCH_H

#include <stdbool.h>

#include "core/base/error.h"

/* A message from the process: a port that has appeared (with its socket), that has got a name, or that has
 * gone. Index 0: those that existed at the start are all reported. */
struct bridge_port_event {
    int index;
    bool gone, shared;
    char owner[64]; /* the name of the container; "": unknown; not terminated if it has this length */
};

/* Start it as a child that ends with this process. Returns the socket for its messages, or a negative errno.
 */
int bridge_port_watch_start(int bridge, struct error *err);

#endif
