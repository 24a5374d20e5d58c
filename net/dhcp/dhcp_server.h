/*
 * The DHCPv4 server as a function of (state, message): no socket, no clock. Source: RFC 2131, 4.3. It is
 * authoritative for its network, and for clients on its own link only (no relays). Addresses are in host byte
 * order.
 */
#ifndef LXCBOX_NET_DHCP_SERVER_H
#define LXCBOX_NET_DHCP_SERVER_H

#include "net/dhcp/dhcp.h"
#include "net/dhcp/lease.h"

/* An address (or only a name) that belongs to one client. */
struct dhcp_host {
    uint8_t hardware[16];
    uint8_t hardware_size; /* 0: not by hardware address */
    uint8_t id[DHCP_ID_MAX];
    uint8_t id_size;                /* 0: not by client identifier */
    char host_name[DHCP_NAME_SIZE]; /* where neither: whoever has this name; else: the name it gets */
    uint32_t address;               /* 0: any */
    uint32_t lease_seconds;         /* 0: as all others */
    bool ignored;                   /* it gets no answer */
};

struct dhcp_server {
    uint32_t address, netmask; /* the server's own */
    uint32_t lease_seconds;
    size_t max_leases; /* at one time */
    char domain[DHCP_DOMAIN_SIZE];
    const struct dhcp_host *hosts;
    size_t host_count;
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

/*
 * Read what stands after "dhcp-host=" in a configuration of dnsmasq: hardware address, "id:...", name, IPv4
 * address, lease time ("3600", "45m", "12h", "infinite"), "ignore", in any order. 0 or -EINVAL.
 */
int dhcp_host_parse(const char *text, struct dhcp_host *out);

/* "3600", "45m", "12h", "infinite" (DHCP_FOREVER), in seconds. 0 or -EINVAL. */
int dhcp_seconds_parse(const char *text, uint32_t *out);

#endif
