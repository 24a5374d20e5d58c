/*
 * lxc.net.N.ipv4.address = dhcp: addresses that the monitor obtains and renews from outside the container, so
 * that an image needs no network tool. The name servers of the lease are written to /etc/resolv.conf in the
 * container, with the permissions of its root.
 */
#ifndef LXCBOX_CORE_LINKS_NETWORK_LEASE_H
#define LXCBOX_CORE_LINKS_NETWORK_LEASE_H

#include "core/base/loop.h"
#include "core/links/network.h"
#include "net/dhcp/dhcp_link.h"

struct network_lease {
    struct dhcp_link link;
    char name[IFNAMSIZ]; /* inside */
};

struct network_leases {
    struct network_lease *items;
    size_t count;
    struct loop *loop; /* that calls back on messages and timers */
    struct loop_timer timer;
    const struct config *config;
    pid_t init_pid;
};

/*
 * Start DHCP on every link with this setting. The start of the container does not wait for the addresses.
 * While `loop` runs, it maintains the leases; failures are logged and retried when a lease is renewed. The
 * server receives the host name of the configuration, or else `name`. `l` must not move, and `config` must
 * outlive it. 0 or a negative errno with `err` filled.
 */
int network_leases_open(struct network_leases *l, struct loop *loop, const char *name,
                        const struct config *config, pid_t init_pid, const struct network_state *state,
                        struct error *err);

/* Release the leases and close. Harmless if there are none. */
void network_leases_close(struct network_leases *l);

#endif
