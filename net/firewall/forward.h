/*
 * Port forwards: what arrives at a port of this host goes to a container. Here are what a forward is, as text
 * and as a struct, and the tables of nftables that do it: "lxc-forward" of the families ip and ip6, with one
 * map element for each forward. Connections of this host's own addresses, and of the target's own network,
 * are masqueraded, so that the answers come back by this host. Packets to 127.0.0.0/8 and ::1 are not
 * touched: the kernel drops what would leave the loopback (route_localnet; CVE-2020-8558).
 */
#ifndef LXCBOX_NET_FORWARD_H
#define LXCBOX_NET_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/address.h"
#include "net/link/netlink.h"

struct forward {
    uint8_t protocol;  /* IPPROTO_TCP or IPPROTO_UDP */
    struct ip address; /* of this host; family 0: all of them */
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

/* Whether both take the same port of the same address. One for all addresses and one for a single address are
 * not the same: the single address is the stronger. */
bool forward_same_host(const struct forward *a, const struct forward *b);

/* --- The tables ----------------------------------------------------------------------------------------- */

struct forward_tables {
    struct netlink netlink; /* kept open: the tables go when it is closed, from Linux 5.12 on */
    bool ready[2];          /* IPv4, IPv6 */
    bool shared;            /* the kernel has no tables with an owner */
};

/* Delete what is left of an earlier process. The tables are made, and a kernel that has none is an error,
 * when the first forward needs them. */
void forward_tables_open(struct forward_tables *t);
void forward_tables_close(struct forward_tables *t);

/* Add a forward to an address of the same family, or remove it; all or nothing. */
int forward_tables_set(struct forward_tables *t, bool add, const struct forward *f, const struct ip *target,
                       struct error *err);

/* Replace the networks of one family that targets are in: masquerading is for these alone. Call it before
 * forward_tables_set adds a forward into a new one. */
int forward_tables_networks(struct forward_tables *t, bool six, const struct ip_prefix *networks,
                            size_t count, struct error *err);

#endif
