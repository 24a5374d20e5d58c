/*
 * What lxc-net asks of the host's firewall: a table of its own for the bridge (the names stock's lxc-net
 * uses: "lxc" in the families inet, ip and ip6), and, where somebody else's chains drop what the bridge
 * forwards, rules in those chains that carry a comment by which they are found and taken out again.
 * Nobody else's table is ever flushed, and none of their rules touched.
 */
#ifndef LXCBOX_NET_FIREWALL_H
#define LXCBOX_NET_FIREWALL_H

#include <netinet/in.h>
#include <stdbool.h>

#include "core/base/error.h"
#include "net/firewall/nftables.h"

struct firewall {
    const char *bridge;
    bool ipv4; /* the network below is masqueraded when it leaves elsewhere */
    struct in_addr network;
    unsigned prefix; /* bits */
    bool ipv6;       /* as above */
    struct in6_addr network6;
    unsigned prefix6;
};

/* Whether the kernel can do what firewall_install asks of it (with IPv6, too): has it check the transaction
 * and drop it. 0, or a negative errno with `err` filled; as root only. `netns` as in netlink_open. */
int firewall_probe(int netns, bool ipv6, struct error *err);

/* Put the tables in place, whole or not at all; those of an earlier run are replaced. */
int firewall_install(int netns, const struct firewall *f, struct error *err);

/* Take the tables away, and our rules in other chains. What is not there is success. */
int firewall_remove(int netns, struct error *err);

/* A chain of somebody else that refuses what it was not told to accept. */
struct firewall_obstacle {
    uint8_t family;
    char table[NFT_NAME_SIZE], chain[NFT_NAME_SIZE];
    uint32_t hook;  /* NF_INET_LOCAL_IN or NF_INET_FORWARD */
    bool by_policy; /* else by its last rule */
    bool passable;  /* it holds our rules already */
};

/* Find them. The caller frees *out. A kernel without nftables has none. */
int firewall_obstacles(int netns, struct firewall_obstacle **out, size_t *count, struct error *err);

/* "chain ip filter FORWARD (policy drop)"; returns `out`. */
const char *firewall_obstacle_name(const struct firewall_obstacle *o, char *out, size_t size);

/* Put rules at the front of the chain: what the bridge forwards, or the services its containers ask of this
 * host (DHCP, DNS, router solicitations). */
int firewall_pass(int netns, const struct firewall_obstacle *o, const char *bridge, struct error *err);

/*
 * Whether iptables-legacy's table filter, which is not nftables', drops forwarded packets by policy in the
 * caller's network namespace: 1, 0, or a negative errno. Source: linux/netfilter_ipv4/ip_tables.h.
 */
int firewall_legacy_drops(void);

#endif
