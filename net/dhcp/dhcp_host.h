/*
 * Hosts with an address (or only a name) of their own, in the words of dnsmasq's configuration. Source:
 * dnsmasq(8), --dhcp-host. Addresses are in host byte order.
 */
#ifndef LXCBOX_NET_DHCP_DHCP_HOST_H
#define LXCBOX_NET_DHCP_DHCP_HOST_H

#include "net/dhcp/dhcp.h"
#include "net/dhcp/lease.h"

#define DHCP_HOST_HARDWARE_MAX 8

struct dhcp_hardware {
    uint8_t bytes[16];
    uint8_t size;
    uint16_t any; /* bit N: byte N is an asterisk */
};

struct dhcp_host {
    struct dhcp_hardware hardware[DHCP_HOST_HARDWARE_MAX];
    size_t hardware_count; /* 0: not by hardware address */
    uint8_t id[DHCP_ID_MAX];
    uint8_t id_size;                /* 0: not by client identifier */
    bool any_id;                    /* "id:*": the client's identifier does not count */
    char host_name[DHCP_NAME_SIZE]; /* where none of these: whoever has this name; else: the name it gets */
    uint32_t address;               /* 0: any */
    uint32_t lease_seconds;         /* 0: as all others */
    bool ignored;                   /* it gets no answer */
};

/*
 * Read what stands after "dhcp-host=": hardware addresses, "id:...", name, IPv4 address, lease time ("3600",
 * "45m", "12h", "infinite"), "ignore", in any order. NULL, or what is wrong with it.
 */
const char *dhcp_host_parse(const char *text, struct dhcp_host *out);

/* Whether one of its hardware addresses is this one. */
bool dhcp_host_has_hardware(const struct dhcp_host *h, const uint8_t *bytes, size_t size);

/* The host that a client is: by its identifier, else by its hardware address, else by its name, else by a
 * hardware address with asterisks, of which the one with the fewest. NULL where it is none. */
const struct dhcp_host *dhcp_host_find(const struct dhcp_host *hosts, size_t count,
                                       const struct lease_client *c, const char *name);

/* "3600", "45m", "12h", "infinite" (DHCP_FOREVER), in seconds. 0 or -EINVAL. */
int dhcp_seconds_parse(const char *text, uint32_t *out);

#endif
