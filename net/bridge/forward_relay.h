/*
 * The relay of port forwards: a process that accepts TCP connections and UDP datagrams on sockets it is given
 * and passes them on to a target. It serves what nftables cannot translate, the addresses 127.0.0.1 and ::1
 * of this host. It runs as user nobody, and all that it holds is bounded.
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
#define RELAY_LISTENER_STREAMS 256  /* of one listener */
#define RELAY_BUFFER_SIZE      8192 /* bytes, for each direction of a connection */
#define RELAY_FLOWS            256 /* UDP clients at one time; the one idle for the longest time makes room */

struct forward_relay {
    pid_t pid;   /* 0: none */
    int control; /* -1: none; at its end the process ends */
};

#define FORWARD_RELAY_NONE                                                                                   \
    {                                                                                                        \
        0, -1                                                                                                \
    }

/* Start the process, a child of the caller. */
int forward_relay_start(struct forward_relay *r, struct error *err);
void forward_relay_stop(struct forward_relay *r);

/* A socket that listens on an address of this host, also on one that it does not have yet. An fd, or a
 * negative errno with `err` filled; -EADDRINUSE where the port is taken. */
int forward_listen(bool tcp, const struct ip *address, uint16_t port, struct error *err);

/* Have the process serve a listening socket, of which it gets a copy, under a number of the caller's choice.
 */
int forward_relay_add(const struct forward_relay *r, uint32_t id, bool tcp, int listener,
                      const struct ip *target, uint16_t port, struct error *err);
/* Have it close the listener and all its connections. */
int forward_relay_remove(const struct forward_relay *r, uint32_t id);

#endif
