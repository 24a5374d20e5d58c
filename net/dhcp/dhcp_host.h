/*
 * Hosts with a reserved address (or only a name), in the configuration syntax of dnsmasq. Source: dnsmasq(8),
 * --dhcp-host. Addresses are in host byte order.
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
    size_t hardware_count; /* 0: not identified by hardware address */
    uint8_t id[DHCP_ID_MAX];
    uint8_t id_size;                /* 0: not identified by client identifier */
    bool any_id;                    /* "id:*": the identifier of the client is ignored */
    char host_name[DHCP_NAME_SIZE]; /* without these: identifies the host; else: the name that it gets */
    uint32_t address;               /* 0: any */
    uint32_t lease_seconds;         /* 0: default */
    bool ignored;                   /* it gets no answer */
};

/*
 * Parse the text after "dhcp-host=": hardware addresses, "id:...", name, IPv4 address, lease time ("3600",
 * "45m", "12h", "infinite"), "ignore", in any order. Returns NULL, or a description of the error.
 */
const char *dhcp_host_parse(const char *text, struct dhcp_host *out);

/* Whether the host has this hardware address. */
bool dhcp_host_has_hardware(const struct dhcp_host *h, const uint8_t *bytes, size_t size);

/* Find the host of a client: by its identifier, else by its hardware address, else by its name, else by the
 * hardware address with the fewest asterisks. NULL if there is none. */
const struct dhcp_host *dhcp_host_find(const struct dhcp_host *hosts, size_t count,
                                       const struct lease_client *c, const char *name);

/* "3600", "45m", "12h", "infinite" (DHCP_FOREVER), in seconds. 0 or -EINVAL. */
int dhcp_seconds_parse(const char *text, uint32_t *out);

#endif
