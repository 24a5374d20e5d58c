/*
 * Refusing forged source addresses at a port of a bridge: a table of family bridge for the port, with rules
 * for the frames of the container behind it. Sources: linux/netfilter/nf_tables.h, RFC 826 (ARP), RFC 2131,
 * RFC 4861 and 4291 (IPv6).
 */
#ifndef LXCBOX_NET_FIREWALL_PORT_FILTER_H
#define LXCBOX_NET_FIREWALL_PORT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/address.h"
#include "net/link/netlink.h"

#define PORT_FILTER_ADDRESSES 32

struct port_filter {
    const char *port;    /* name of the interface */
    uint8_t hardware[6]; /* the only one that frames and ARP messages from there may have */
    /* IPv4, ARP: also only the addresses below, and those that a DHCP server of this host gives it. */
    bool ipv4;
    /* IPv6: also only the addresses below, and those derived from the hardware address. */
    bool ipv6;
    /* Frames with a VLAN tag pass, whose addresses are not compared; else they are refused. */
    bool tagged;
    struct ip addresses[PORT_FILTER_ADDRESSES];
    size_t count;
};

/* Install the table, which belongs to the socket `n` (opened, NETLINK_NETFILTER) and ends with it; on kernels
 * before 5.12 it stays until port_filter_remove. 0 or a negative errno with `err` filled. */
int port_filter_install(struct netlink *n, const struct port_filter *f, struct error *err);

/* Remove the table of a port. */
void port_filter_remove(struct netlink *n, const char *port);

#endif
