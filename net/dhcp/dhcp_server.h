/*
 * The DHCPv4 server as a function of (state, message): no socket, no clock. Source: RFC 2131, 4.3. It is
 * authoritative for its network, and for clients on its own link only (no relays). Addresses are in host byte
 * order.
 */
#ifndef LXCBOX_NET_DHCP_DHCP_SERVER_H
#define LXCBOX_NET_DHCP_DHCP_SERVER_H

#include "net/dhcp/dhcp.h"
#include "net/dhcp/dhcp_host.h"
#include "net/dhcp/lease.h"

struct dhcp_server {
    uint32_t address, netmask; /* the server's own */
    uint32_t lease_seconds;
    size_t max_leases; /* at one time */
    char domain[DHCP_DOMAIN_SIZE];
    const struct dhcp_host *hosts;
    size_t host_count;
    const struct dhcp_option *options; /* added to each answer */
    size_t option_count;
    struct lease_table leases;
};

struct dhcp_answer {
    bool send;
    struct dhcp_message reply;
    uint32_t changed;    /* address whose lease is to be noted on disk before the reply goes; 0: none */
    const char *ignored; /* why there is no reply, where a person should know; else NULL */
    uint32_t to;         /* address the reply goes to; 0xffffffff where the client cannot be reached by one */
    bool to_hardware;    /* in a frame to the client's hardware address; else to all */
};

/* `now` in seconds of CLOCK_REALTIME. */
void dhcp_server_answer(struct dhcp_server *s, const struct dhcp_message *request, int64_t now,
                        struct dhcp_answer *out);

#endif
