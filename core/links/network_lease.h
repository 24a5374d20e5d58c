/*
 * lxc.net.N.ipv4.address = dhcp: addresses that the monitor obtains from outside the container and keeps, so
 * that an image needs no network tool. The lease's name servers are written into the container's
 * /etc/resolv.conf, with the rights of its root.
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
    struct loop *loop; /* that calls us when a server has answered or time has come */
    struct loop_timer timer;
    const struct config *config;
    pid_t init_pid;
};

/*
 * Begin on every link that wants it; the address comes later, or never, which holds up no start. `loop` then
 * keeps the leases for as long as it runs; what fails is logged and tried again when a lease is renewed. The
 * server learns the name of the container's configuration, or else `name`. `l` must not move, `config` must
 * outlive it. 0 or a negative errno with `err` filled.
 */
int network_leases_open(struct network_leases *l, struct loop *loop, const char *name,
                        const struct config *config, pid_t init_pid, const struct network_state *state,
                        struct error *err);

/* Give the leases back and close. Harmless where there are none. */
void network_leases_close(struct network_leases *l);

#endif
