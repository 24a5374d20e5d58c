/*
 * lxc.net.N.ipv4.address = dhcp: addresses that the monitor obtains from outside the container and keeps, so
 * that an image needs no network tool. The lease's name servers are written into the container's
 * /etc/resolv.conf, with the rights of its root.
 */
#ifndef LXCBOX_CORE_RUN_NETWORK_LEASE_H
#define LXCBOX_CORE_RUN_NETWORK_LEASE_H

#include "core/links/network.h"
#include "net/dhcp/dhcp_link.h"

struct network_lease {
    struct dhcp_link link;
    char name[IFNAMSIZ]; /* inside */
};

struct network_leases {
    struct network_lease *items;
    size_t count;
};

/*
 * Begin on every link that wants it, telling the server `host_name` (borrowed for this call only); the
 * address comes later, or never, which holds up no start. 0 or a negative errno with `err` filled.
 */
int network_leases_open(struct network_leases *l, const char *host_name, const struct network_state *state,
                        struct error *err);

/* How long to wait at most until network_leases_run() has something to do; -1: for ever. */
int network_leases_wait_ms(const struct network_leases *l);

/* Do what is due on each. What fails is logged and tried again when the lease is renewed. */
void network_leases_run(struct network_leases *l, const struct config *c, pid_t init_pid);

/* Give the leases back and close. Harmless where there are none. */
void network_leases_close(struct network_leases *l);

#endif
