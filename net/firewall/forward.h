/*
 * Port forwards: packets to a port of this host are forwarded to a container. This file has the text form and
 * the struct of a forward, and the tables of nftables that implement it: "lxc-forward" of the families ip and
 * ip6, with one map element for each forward. Connections from this host's own addresses and from the network
 * of the target are masqueraded, so that the replies return through this host. Packets to 127.0.0.0/8 and ::1
 * are not translated: the kernel drops packets that would leave the loopback (route_localnet; CVE-2020-8558).
 */
#ifndef LXCBOX_NET_FIREWALL_FORWARD_H
#define LXCBOX_NET_FIREWALL_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/address.h"
#include "net/link/netlink.h"

struct forward {
    uint8_t protocol;  /* IPPROTO_TCP or IPPROTO_UDP */
    struct ip address; /* of this host; family 0: all addresses */
    uint16_t port;
    uint16_t target_port; /* of the container */
};

#define FORWARD_HOST_SIZE 56 /* bytes: "[ADDRESS]:65535" */

/* IPPROTO_TCP, IPPROTO_UDP, or -EINVAL. */
int forward_parse_protocol(const char *text);
const char *forward_protocol(const struct forward *f); /* "tcp", "udp" */

/* A port, 1 to 65535. 0 or -EINVAL. */
int forward_parse_port(const char *text, uint16_t *out);

/* "PORT", "ADDRESS:PORT" or "[IPV6]:PORT" into `address` and `port`. 0, or -EINVAL with `err` filled. */
int forward_parse_host(const char *text, struct forward *out, struct error *err);
/* The same as text; returns `out`. */
const char *forward_format_host(const struct forward *f, char out[FORWARD_HOST_SIZE]);

/* Whether both use the same port of the same address. A forward of all addresses and one of a single address
 * differ; the one of the single address takes precedence. */
bool forward_same_host(const struct forward *a, const struct forward *b);

/* --- The tables ----------------------------------------------------------------------------------------- */

struct forward_tables {
    struct netlink netlink; /* kept open: since Linux 5.12, closing it removes the tables */
    bool ready[2];          /* IPv4, IPv6 */
    bool shared;            /* the kernel does not support tables with an owner */
};

/* Delete the tables of an earlier process. The tables are created when the first forward needs them; only
 * then is a kernel without nftables an error. */
void forward_tables_open(struct forward_tables *t);
void forward_tables_close(struct forward_tables *t);

/* Add a forward to an address of the same family, or remove it; all or nothing. */
int forward_tables_set(struct forward_tables *t, bool add, const struct forward *f, const struct ip *target,
                       struct error *err);

/* Replace the networks of the targets of one family. Only these are masqueraded. Call it before
 * forward_tables_set adds a forward to a target in a new network. */
int forward_tables_networks(struct forward_tables *t, bool six, const struct ip_prefix *networks,
                            size_t count, struct error *err);

#endif
