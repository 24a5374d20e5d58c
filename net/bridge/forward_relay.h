/*
 * The relay of port forwards: a process that accepts TCP connections and UDP datagrams on sockets that it
 * receives from its caller, and passes them on to a target. It serves the addresses 127.0.0.1 and ::1 of this
 * host, which nftables cannot translate. It runs as user nobody, and all its resources are bounded.
 */
#ifndef LXCBOX_NET_BRIDGE_FORWARD_RELAY_H
#define LXCBOX_NET_BRIDGE_FORWARD_RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "net/dns/resolv_conf.h"
#include "net/link/address.h"

#define RELAY_LISTENERS        1024
#define RELAY_STREAMS          512  /* TCP connections at one time; further ones wait to be accepted */
#define RELAY_LISTENER_STREAMS 256  /* for one listener */
#define RELAY_BUFFER_SIZE      8192 /* bytes, for each direction of a connection */
#define RELAY_FLOWS            256 /* UDP clients at one time; the one that is idle for the longest time is replaced */

struct forward_relay {
    pid_t pid;   /* 0: none */
    int control; /* -1: none; the process exits when it is closed */
};

#define FORWARD_RELAY_NONE                                                                                   \
    {                                                                                                        \
        0, -1                                                                                                \
    }

/* Start the process, a child of the caller. */
int forward_relay_start(struct forward_relay *relay, struct error *err);
void forward_relay_stop(struct forward_relay *relay);

/* Open a socket that listens on an address of this host, even if the host does not have the address yet. An
 * fd, or a negative errno with `err` filled; -EADDRINUSE if the port is in use. */
int forward_listen(bool tcp, const struct ip *address, uint16_t port, struct error *err);

/*
 * Make the process serve a listening socket (it receives a copy), under a number that the caller chooses.
 */
int forward_relay_add(const struct forward_relay *relay, uint32_t id, bool tcp, int listener,
                      const struct ip *target, uint16_t port, struct error *err);
/* Make the process close the listener and all its connections. */
int forward_relay_remove(const struct forward_relay *relay, uint32_t id);

#endif
