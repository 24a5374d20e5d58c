/*
 * The target of a port forward: the addresses inside a running container that this host reaches without a
 * router. Every change of them is an event.
 */
#ifndef LXCBOX_CORE_LINKS_FORWARD_TARGET_H
#define LXCBOX_CORE_LINKS_FORWARD_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "net/link/address.h"
#include "net/link/netlink.h"

struct forward_target {
    char *container;
    pid_t pid;                     /* of its init; 0: not running */
    int pidfd;                     /* readable when init has ended; -1 on Linux before 5.3 */
    struct netlink events;         /* of addresses inside; the socket keeps the network namespace alive */
    struct ip_prefix addresses[2]; /* IPv4, IPv6; family 0: none */
    int ports[2];      /* indexes of the host ends of the veth pairs with these addresses; 0: none */
    bool host_network; /* it has no network namespace of its own */
};

/* Follow the container whose init is `pid`. 0, or a negative errno and then nothing is followed. */
int forward_target_open(struct forward_target *t, pid_t pid, struct error *err);
/* Stop following, so that the network namespace can end; the name is kept. */
void forward_target_close(struct forward_target *t);

/* Whether its init has ended. */
bool forward_target_ended(const struct forward_target *t);

/* Read the addresses again. */
int forward_target_read(struct forward_target *t, struct error *err);

/*
 * If the kernel passes bridged frames through the firewall (br_netfilter), it translates them on the bridge,
 * and the bridge drops frames that have to return to the port they came from: a connection of a container to
 * its own forward. Make the bridge send these frames. Systems without br_netfilter are not changed.
 */
void forward_target_hairpin(const struct forward_target *t);

/* The type (RTN_*) of the route from this host to an address; `direct`: whether it uses no router (may be
 * NULL). A negative errno if there is no route. */
int forward_route_type(const struct ip *address, bool *direct);

#endif
