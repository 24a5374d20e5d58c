/*
 * Where a port forward leads to: the addresses that a running container has inside, as long as this host
 * reaches them without a router. Every change of them is an event.
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
    pid_t pid;                     /* of its init; 0: it does not run */
    int pidfd;                     /* readable when init has ended; -1 on Linux before 5.3 */
    struct netlink events;         /* of addresses inside; it keeps the network namespace alive */
    struct ip_prefix addresses[2]; /* IPv4, IPv6; family 0: none */
    int ports[2];                  /* the host's ends of the veth pairs that have them, by index; 0: none */
    bool host_network;             /* it has no network namespace of its own */
};

/* Follow the container whose init is `pid`. 0 or a negative errno; then nothing is followed. */
int forward_target_open(struct forward_target *t, pid_t pid, struct error *err);
/* Stop following, so that the network namespace can end; the name stays. */
void forward_target_close(struct forward_target *t);

/* Whether its init has ended. */
bool forward_target_ended(const struct forward_target *t);

/* Find the addresses anew. */
int forward_target_read(struct forward_target *t, struct error *err);

/*
 * Where the kernel has a bridge's frames pass the firewall (br_netfilter), it translates them while they are
 * on the bridge, and the bridge drops what is to go back to where it came from: a container's connection to
 * its own forward. Have the bridge send it. Other systems are not changed.
 */
void forward_target_hairpin(const struct forward_target *t);

/* What kind of route (RTN_*) leads from this host to an address; `direct`: whether without a router (NULL:
 * not wanted). A negative errno where none does. */
int forward_route_type(const struct ip *address, bool *direct);

#endif
