/* The interface between the files of the engine of lxc-net. */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_INTERNAL_H
#define LXCBOX_NET_BRIDGE_BRIDGE_INTERNAL_H

#include "net/bridge/bridge_network.h"
#include "net/bridge/bridge_ports.h"
#include "net/dhcp/dhcp_server.h"
#include "net/dhcp/dhcpv6.h"
#include "net/dns/dns_forwarder.h"
#include "net/dhcp/lease_journal.h"
#include "net/dhcp/radv.h"

/* bridge_state.c; `settings` is `lines` of struct bridge_settings. */
int bridge_state_write(const struct bridge_state *s, const struct strbuf *settings, struct error *err);

struct bridge_server {
    const struct bridge_settings *settings;
    int index;         /* of the bridge */
    int lock;          /* held while it runs */
    int signals;       /* signalfd */
    int dhcp, packets; /* keeps port 67, and receives nothing; sends to clients without an address */
    struct bridge_ports ports;
    int radv, dhcpv6;   /* -1: no IPv6 */
    int64_t radv_at_ms; /* when the next unsolicited advertisement is due */
    int64_t ask_at_ms;  /* when to probe for the IPv6 addresses of new containers; 0: no new containers */
    struct bridge_hosts hosts;
    struct dhcp_server dhcp_server;
    struct lease_journal journal;
    struct radv advertisement;
    struct dhcpv6 dhcpv6_server;
    struct dns_forwarder dns;
};

/* Make the DHCP server use `hosts`, after they have been read. */
void bridge_server_use(struct bridge_server *s);

/* bridge_names.c: a dns_lookup over the leases; its context is a struct bridge_server. */
dns_lookup bridge_names_lookup;

/* bridge_neighbours.c: the IPv6 addresses of the container of a lease, as records. If they are unknown, there
 * are none, and a probe is sent. */
void bridge_neighbours_find(const struct bridge_server *s, const struct lease *l, struct dns_record *records,
                            size_t *count);
/* Whether an IPv6 address is in the network of the bridge, and the lease of the container that has it, or
 * NULL. */
bool bridge_neighbours_lease(const struct bridge_server *s, const uint8_t address[16], int64_t now,
                             const struct lease **out);
/*
 * Have the kernel probe whether a container has the address derived from its hardware address. Does not wait
 * for the answer.
 */
void bridge_neighbours_ask(const struct bridge_server *s, const struct lease *l);
void bridge_neighbours_ask_all(const struct bridge_server *s);

/* bridge_serve.c: serve until a signal requests the end. */
void bridge_serve(struct bridge_server *s);

#endif
