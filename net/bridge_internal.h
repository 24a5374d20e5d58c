/* What the files of the engine of lxc-net say to each other. */
#ifndef LXCBOX_NET_BRIDGE_INTERNAL_H
#define LXCBOX_NET_BRIDGE_INTERNAL_H

#include "net/bridge_network.h"
#include "net/dhcp_server.h"
#include "net/dhcpv6.h"
#include "net/dns_forwarder.h"
#include "net/lease_journal.h"
#include "net/radv.h"

/* bridge_state.c */
int bridge_state_write(const struct bridge_state *s, struct error *err);

struct bridge_server {
    const struct bridge_settings *settings;
    int index;          /* of the bridge */
    int lock;           /* held while it runs */
    int signals;        /* signalfd */
    int dhcp, packets;  /* receives by UDP; sends to clients without an address */
    int radv, dhcpv6;   /* -1: no IPv6 */
    int64_t radv_at_ms; /* when the next unsolicited advertisement is due */
    struct bridge_hosts hosts;
    struct dhcp_server dhcp_server;
    struct lease_journal journal;
    struct radv advertisement;
    struct dhcpv6 dhcpv6_server;
    struct dns_forwarder dns;
};

/* bridge_names.c: a dns_lookup over leases, its context a struct bridge_server. */
dns_lookup bridge_names_lookup;

/* bridge_serve.c: serve until told to end. */
void bridge_serve(struct bridge_server *s);

#endif
