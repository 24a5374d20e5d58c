#include "net/firewall/firewall.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"

#define TABLE   "lxc"
#define COMMENT "lxc-net"

#define PRIORITY_FILTER 0 /* NF_IP_PRI_FILTER */
#define PRIORITY_NAT    100

#define IPV4_SOURCE      12 /* offsets in bytes: RFC 791, RFC 8200 */
#define IPV4_DESTINATION 16
#define IPV6_SOURCE      8
#define IPV6_DESTINATION 24

static const uint8_t families[] = {NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6}; /* IPv6 last */

/* Services of this host for containers. TCP 67 is in the rules of stock LXC too; no service uses it. */
static const struct service {
    uint8_t protocol;
    uint16_t port;
    bool only_ipv4, only_ipv6;
} services[] = {
    {IPPROTO_UDP, 53, false, false}, {IPPROTO_TCP, 53, false, false},  {IPPROTO_UDP, 67, true, false},
    {IPPROTO_UDP, 547, false, true}, {IPPROTO_ICMPV6, 0, false, true},
};

static int firewall_unsupported(struct error *err)
{
    error_text(err, ENOTSUP, "this kernel has no nftables");
    return error_remedy(err, "masquerading needs CONFIG_NF_TABLES, _NF_TABLES_INET, _NFT_NAT and _NFT_MASQ; "
                             "the bridge works without");
}

static int firewall_open(struct netlink *n, int netns, struct error *err)
{
    int r = netlink_open(n, NETLINK_NETFILTER, netns, err);

    return r == -EPROTONOSUPPORT ? firewall_unsupported(err) : r;
}

/*
 * The result of a listing: a kernel without nftables has nothing to list. Its errors are those of
 * nfnetlink_rcv_msg() in net/netfilter/nfnetlink.c.
 */
static int firewall_missing_ok(int r, struct error *err)
{
    if (r != -ENOTSUP && r != -EINVAL)
        return r;
    error_clear(err);
    return 0;
}

/* The errors of a transaction on a kernel without nftables, or without a family, a chain type or an
 * expression. */
static bool firewall_is_partial(int code)
{
    return code == -EOPNOTSUPP || code == -EAFNOSUPPORT || code == -ENOENT;
}

static int firewall_explain(const struct netlink_result *result, const char *what, struct error *err)
{
    if (firewall_is_partial(result->code)) {
        firewall_unsupported(err);
        return error_context(err, "%s", what);
    }
    netlink_error(result, err, "%s", what);
    return result->code == -EPERM ? error_remedy(err, "run it as root") : result->code;
}

static int firewall_commit(struct netlink *n, struct netlink_batch *b, const char *what, struct error *err)
{
    struct netlink_result result;

    return nft_commit(n, b, &result) == 0 ? 0 : firewall_explain(&result, what, err);
}

static void firewall_accept_service(struct netlink_batch *b, uint8_t family, const char *table,
                                    const char *chain, const char *bridge, const struct service *s,
                                    bool first)
{
    size_t rule = nft_rule_begin(b, family, table, chain, first, COMMENT);

    nft_match_interface(b, NFT_META_IIFNAME, bridge);
    nft_match_service(b, s->protocol, s->port);
    nft_counter(b);
    nft_accept(b);
    nft_rule_end(b, rule);
}

static void firewall_accept_services(struct netlink_batch *b, uint8_t family, const char *table,
                                     const char *chain, const char *bridge, bool first)
{
    for (size_t i = 0; i < ARRAY_LENGTH(services); i++)
        if (!(services[i].only_ipv4 && family == NFPROTO_IPV6) &&
            !(services[i].only_ipv6 && family == NFPROTO_IPV4))
            firewall_accept_service(b, family, table, chain, bridge, &services[i], first);
}

static void firewall_accept_forwarded(struct netlink_batch *b, uint8_t family, const char *table,
                                      const char *chain, const char *bridge, bool first)
{
    static const uint32_t keys[] = {NFT_META_IIFNAME, NFT_META_OIFNAME};

    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        size_t rule = nft_rule_begin(b, family, table, chain, first, COMMENT);

        nft_match_interface(b, keys[i], bridge);
        nft_counter(b);
        nft_accept(b);
        nft_rule_end(b, rule);
    }
}

/* Masquerade packets from the network to any other network. */
static void firewall_masquerade(struct netlink_batch *b, uint8_t family, const void *network, unsigned prefix)
{
    size_t size = family == NFPROTO_IPV6 ? 16 : 4, rule;
    uint8_t mask[16] = {0}, value[16];

    for (size_t i = 0; i < size; i++) {
        unsigned bits = prefix > i * 8 ? prefix - (unsigned)i * 8 : 0;

        mask[i] = (uint8_t)(bits >= 8 ? 0xff : 0xff00 >> bits);
        value[i] = ((const uint8_t *)network)[i] & mask[i];
    }
    nft_table_add(b, family, TABLE);
    nft_chain_add(b, family, TABLE, "postrouting", "nat", NF_INET_POST_ROUTING, PRIORITY_NAT);
    rule = nft_rule_begin(b, family, TABLE, "postrouting", false, NULL);
    nft_match_network(b, family == NFPROTO_IPV6 ? IPV6_SOURCE : IPV4_SOURCE, value, mask, size, false);
    nft_match_network(b, family == NFPROTO_IPV6 ? IPV6_DESTINATION : IPV4_DESTINATION, value, mask, size,
                      true);
    nft_counter(b);
    nft_masquerade(b);
    nft_rule_end(b, rule);
}

/* Whether nftables supports IPv6. On a kernel without IPv6, a transaction that names that family fails as a
 * whole. */
static bool firewall_has_ipv6(struct netlink *n)
{
    struct netlink_result result;
    struct netlink_batch b;

    nft_begin(&b);
    nft_table_add(&b, NFPROTO_IPV6, TABLE);
    return nft_check(n, &b, &result) != -EOPNOTSUPP && result.code != -EAFNOSUPPORT;
}

/* Deleting a table that does not exist fails; adding one that exists succeeds. */
static void firewall_delete_tables(struct netlink *n, struct netlink_batch *b)
{
    size_t count = ARRAY_LENGTH(families) - !firewall_has_ipv6(n);

    for (size_t i = 0; i < count; i++) {
        nft_table_add(b, families[i], TABLE);
        nft_table_delete(b, families[i], TABLE);
    }
}

static void firewall_build(struct netlink *n, struct netlink_batch *b, const struct firewall *f)
{
    nft_begin(b);
    firewall_delete_tables(n, b);
    nft_table_add(b, NFPROTO_INET, TABLE);
    nft_chain_add(b, NFPROTO_INET, TABLE, "input", "filter", NF_INET_LOCAL_IN, PRIORITY_FILTER);
    firewall_accept_services(b, NFPROTO_INET, TABLE, "input", f->bridge, false);
    nft_chain_add(b, NFPROTO_INET, TABLE, "forward", "filter", NF_INET_FORWARD, PRIORITY_FILTER);
    firewall_accept_forwarded(b, NFPROTO_INET, TABLE, "forward", f->bridge, false);
    if (f->ipv4)
        firewall_masquerade(b, NFPROTO_IPV4, &f->network, f->prefix);
    if (f->ipv6)
        firewall_masquerade(b, NFPROTO_IPV6, &f->network6, f->prefix6);
}

int firewall_probe(int netns, bool ipv6, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct firewall f = {.bridge = "lxcbr0", .ipv4 = true, .prefix = 24, .ipv6 = ipv6, .prefix6 = 64};
    struct netlink_result result;
    struct netlink_batch b;
    int r = firewall_open(&n, netns, err);

    if (r < 0)
        return r;
    firewall_build(&n, &b, &f);
    return nft_check(&n, &b, &result) == 0 ? 0 : firewall_explain(&result, "masquerading does not work", err);
}

int firewall_install(int netns, const struct firewall *f, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct netlink_batch b;
    int r = firewall_open(&n, netns, err);

    if (r < 0)
        return r;
    firewall_build(&n, &b, f);
    return firewall_commit(&n, &b, "cannot set up masquerading", err);
}

static bool firewall_owns_table(uint8_t family, const char *table)
{
    return strcmp(table, TABLE) == 0 && memchr(families, family, sizeof(families));
}

int firewall_remove(int netns, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_free struct nft_rule *rules = NULL;
    struct netlink_batch b;
    size_t count = 0;
    int r = firewall_open(&n, netns, err);

    if (r == 0)
        r = nft_rule_list(&n, &rules, &count, err);
    if (r < 0)
        return firewall_missing_ok(r, err);
    nft_begin(&b);
    firewall_delete_tables(&n, &b);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].comment, COMMENT) == 0 && !firewall_owns_table(rules[i].family, rules[i].table))
            nft_rule_delete(&b, rules[i].family, rules[i].table, rules[i].chain, rules[i].handle);
    return firewall_commit(&n, &b, "cannot remove the masquerading rules", err);
}

/* --- Chains of other owners --- */

/* The last rule of the chain, and whether any of its rules is ours. */
static const struct nft_rule *firewall_last_rule(const struct nft_chain *c, const struct nft_rule *rules,
                                                 size_t count, bool *holds_ours)
{
    const struct nft_rule *last = NULL;

    *holds_ours = false;
    for (size_t i = 0; i < count; i++) {
        if (rules[i].family != c->family || strcmp(rules[i].table, c->table) != 0 ||
            strcmp(rules[i].chain, c->name) != 0)
            continue;
        last = &rules[i];
        *holds_ours |= strcmp(rules[i].comment, COMMENT) == 0;
    }
    return last;
}

int firewall_obstacles(int netns, struct firewall_obstacle **out, size_t *count, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_free struct nft_chain *chains = NULL;
    cleanup_free struct nft_rule *rules = NULL;
    struct firewall_obstacle *found;
    size_t chain_count = 0, rule_count = 0;
    int r = firewall_open(&n, netns, err);

    *out = NULL;
    *count = 0;
    if (r == 0)
        r = nft_chain_list(&n, &chains, &chain_count, err);
    if (r == 0)
        r = nft_rule_list(&n, &rules, &rule_count, err);
    if (r < 0)
        return firewall_missing_ok(r, err);
    found = calloc(chain_count + 1, sizeof(*found));
    if (!found)
        return error_set(err, ENOMEM, "cannot list the firewall's chains");
    for (size_t i = 0; i < chain_count; i++) {
        const struct nft_chain *c = &chains[i];
        struct firewall_obstacle *o = &found[*count];
        const struct nft_rule *last;
        bool holds_ours;

        if (!c->base || (c->hook != NF_INET_LOCAL_IN && c->hook != NF_INET_FORWARD) ||
            !memchr(families, c->family, sizeof(families)) || firewall_owns_table(c->family, c->table))
            continue;
        last = firewall_last_rule(c, rules, rule_count, &holds_ours);
        if (!c->drops && !(last && last->refuses_all))
            continue;
        *o = (struct firewall_obstacle){
            .family = c->family, .hook = c->hook, .by_policy = c->drops, .passable = holds_ours};
        memcpy(o->table, c->table, sizeof(o->table));
        memcpy(o->chain, c->name, sizeof(o->chain));
        ++*count;
    }
    *out = found;
    return 0;
}

const char *firewall_obstacle_name(const struct firewall_obstacle *o, char *out, size_t size)
{
    const char *family = o->family == NFPROTO_INET ? "inet" : o->family == NFPROTO_IPV4 ? "ip" : "ip6";

    snprintf(out, size, "chain %s %s %s (%s)", family, o->table, o->chain,
             o->by_policy ? "policy drop" : "its last rule refuses");
    return out;
}

int firewall_pass(int netns, const struct firewall_obstacle *o, const char *bridge, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    char name[2 * NFT_NAME_SIZE + 40], what[sizeof(name) + 40];
    struct netlink_batch b;
    int r = firewall_open(&n, netns, err);

    if (r < 0)
        return r;
    nft_begin(&b);
    if (o->hook == NF_INET_FORWARD)
        firewall_accept_forwarded(&b, o->family, o->table, o->chain, bridge, true);
    else
        firewall_accept_services(&b, o->family, o->table, o->chain, bridge, true);
    snprintf(what, sizeof(what), "cannot add a rule to %s", firewall_obstacle_name(o, name, sizeof(name)));
    return firewall_commit(&n, &b, what, err);
}
