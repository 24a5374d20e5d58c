/*
 * Which host a DHCP message is from: the port of the bridge that it came in by, and what the port's owner is
 * called. A client can claim any hardware address, identifier and name, but not another port. So a lease
 * belongs to its port as long as that exists, a port has a limited number of leases, and a name belongs to
 * the host that has it:
 * - the name of a container that the engine has started, to the port of that container;
 * - a name that a client claims, to the first host that has a lease with it;
 * - "localhost", "wpad", "isatap" and the names of this host, to no client.
 */
#ifndef LXCBOX_NET_DHCP_DHCP_PORT_H
#define LXCBOX_NET_DHCP_DHCP_PORT_H

#include "net/dhcp/dhcp.h"
#include "net/dhcp/lease.h"

struct dhcp_sender {
    int port;                   /* index of the port; 0: unknown */
    char owner[DHCP_NAME_SIZE]; /* the container behind it, in lower case; "": unknown */
    bool shared;                /* a network with hosts of its own is behind it: it has no limit as a port */
};

/* What the server knows about ports and names. All 0: nothing. */
struct dhcp_ports {
    /* Whether a port exists; whether a container has a name. NULL: none. */
    bool (*exists)(const void *context, int port);
    bool (*owned)(const void *context, const char *name);
    const void *context;
    size_t max_leases;         /* for each port, and for each hardware address; 0: no limit */
    char self[DHCP_NAME_SIZE]; /* the name of this host, in lower case */
};

/* Whether the client at a port may use, renew or release a lease. */
bool dhcp_port_may_use(const struct dhcp_ports *p, const struct dhcp_sender *from, const struct lease *l);

/* Whether the port or the hardware address has as many leases and offers as it may have. */
bool dhcp_port_is_full(const struct dhcp_ports *p, const struct dhcp_sender *from,
                       const struct lease_client *client, const struct lease_table *t, int64_t now);

/* A name for a lease, in lower case. */
struct dhcp_name {
    const char *text; /* "": none */
    bool configured;  /* for this client, in LXC_DHCP_CONFILE; else the client has sent it */
};

/* Give the lease of the client at a port its name, and take the name from leases that may not have it. */
void dhcp_port_set_name(const struct dhcp_ports *p, const struct dhcp_sender *from, struct lease_table *t,
                        struct lease *l, struct dhcp_name name, int64_t now);

/* Whether no client may have a name. */
bool dhcp_port_is_reserved(const struct dhcp_ports *p, const char *name);

#endif
