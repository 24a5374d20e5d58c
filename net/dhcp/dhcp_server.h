/*
 * The DHCPv4 server as a function of (state, message), without sockets and clock. Source: RFC 2131, 4.3. It
 * is authoritative for its network, and serves only clients on its own link (no relays). Addresses are in
 * host byte order.
 */
#ifndef LXCBOX_NET_DHCP_DHCP_SERVER_H
#define LXCBOX_NET_DHCP_DHCP_SERVER_H

#include "net/dhcp/dhcp.h"
#include "net/dhcp/dhcp_host.h"
#include "net/dhcp/dhcp_port.h"
#include "net/dhcp/lease.h"

struct dhcp_server {
    uint32_t address, netmask; /* the server's own */
    uint32_t lease_seconds;
    size_t max_leases; /* at one time */
    char domain[DHCP_DOMAIN_SIZE];
    const struct dhcp_host *hosts;
    size_t host_count;
    const struct dhcp_option *options; /* added to each reply */
    size_t option_count;
    struct dhcp_ports ports;
    struct lease_table leases;
};

struct dhcp_answer {
    bool send;
    struct dhcp_message reply;
    uint32_t changed;    /* address whose lease is to be written to disk before the reply is sent; 0: none */
    const char *ignored; /* the reason for the log why there is no reply; else NULL */
    uint32_t to;         /* destination address of the reply; 0xffffffff if the client has no address yet */
    bool to_hardware;    /* in a frame to the hardware address of the client; else broadcast */
};

/* `from`: where the message came in; NULL: unknown. `now` in seconds of CLOCK_REALTIME. */
void dhcp_server_answer(struct dhcp_server *s, const struct dhcp_message *request,
                        const struct dhcp_sender *from, int64_t now, struct dhcp_answer *out);

#endif
