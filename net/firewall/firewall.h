/*
 * The firewall rules of lxc-net: a table of its own for the bridge (with the names that the lxc-net of stock
 * LXC uses: "lxc" in the families inet, ip and ip6), and, where chains of other owners drop packets that the
 * bridge forwards, rules in those chains. These rules carry a comment by which they are found and removed
 * again. Tables of other owners are never flushed, and their rules never changed.
 */
#ifndef LXCBOX_NET_FIREWALL_FIREWALL_H
#define LXCBOX_NET_FIREWALL_FIREWALL_H

#include <netinet/in.h>
#include <stdbool.h>

#include "core/base/error.h"
#include "net/firewall/nftables.h"

struct firewall {
    const char *bridge;
    bool ipv4; /* packets from the network below to other networks are masqueraded */
    struct in_addr network;
    unsigned prefix; /* bits */
    bool ipv6;       /* as above */
    struct in6_addr network6;
    unsigned prefix6;
};

/* Whether the kernel supports the rules of firewall_install (with `ipv6`, also for IPv6): the kernel checks
 * the transaction and discards it. 0, or a negative errno with `err` filled. Requires root. `netns` as in
 * netlink_open. */
int firewall_probe(int netns, bool ipv6, struct error *err);

/* Install the tables, all or none; tables of an earlier run are replaced. */
int firewall_install(int netns, const struct firewall *f, struct error *err);

/* Remove the tables, and our rules in chains of other owners. Succeeds also if there are none. */
int firewall_remove(int netns, struct error *err);

/* A chain of another owner that drops or rejects every packet it does not explicitly accept. */
struct firewall_obstacle {
    uint8_t family;
    char table[NFT_NAME_SIZE], chain[NFT_NAME_SIZE];
    uint32_t hook;  /* NF_INET_LOCAL_IN or NF_INET_FORWARD */
    bool by_policy; /* else by its last rule */
    bool passable;  /* it already holds our rules */
};

/* List these chains. The caller frees *out. The list is empty on a kernel without nftables. */
int firewall_obstacles(int netns, struct firewall_obstacle **out, size_t *count, struct error *err);

/* "chain ip filter FORWARD (policy drop)"; returns `out`. */
const char *firewall_obstacle_name(const struct firewall_obstacle *o, char *out, size_t size);

/* Add rules at the front of the chain that accept the packets that the bridge forwards, or the packets to the
 * services of this host for containers (DHCP, DNS, router solicitations). */
int firewall_pass(int netns, const struct firewall_obstacle *o, const char *bridge, struct error *err);

/*
 * Whether the table "filter" of iptables-legacy (which is not part of nftables) drops forwarded packets by
 * policy in the network namespace of the caller: 1, 0, or a negative errno. Source:
 * linux/netfilter_ipv4/ip_tables.h.
 */
int firewall_legacy_drops(void);

#endif
