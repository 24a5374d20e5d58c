/*
 * nftables: tables, chains and rules through netlink. A change is one transaction, which the kernel applies
 * completely or not at all. Sources: linux/netfilter/nf_tables.h, nft(8), and the kernel's
 * net/netfilter/nfnetlink.c for batches.
 */
#ifndef LXCBOX_NET_FIREWALL_NFTABLES_H
#define LXCBOX_NET_FIREWALL_NFTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/netlink.h"

#define NFT_NAME_SIZE 128 /* bytes with the NUL; objects with a longer name are skipped in listings */

/* --- Building a transaction ----------------------------------------------------------------------------- */

/* Families are NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_INET. */
void nft_begin(struct netlink_batch *b);
void nft_table_add(struct netlink_batch *b, uint8_t family, const char *table);
/*
 * As above, for a table owned by this socket: no other process can change the table, "nft flush ruleset" does
 * not remove it, and the kernel removes it when the socket is closed. Since Linux 5.12; before: -EOPNOTSUPP.
 */
void nft_table_own(struct netlink_batch *b, uint8_t family, const char *table);
/* Delete the table with its contents; it must exist. */
void nft_table_delete(struct netlink_batch *b, uint8_t family, const char *table);

/* A base chain with policy accept. `type` is "filter" or "nat", `hook` NF_INET_*. */
void nft_chain_add(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
                   const char *type, uint32_t hook, int32_t priority);

/*
 * Begin a rule, at the front of the chain if `first`. Its expressions follow, then nft_rule_end with the
 * return value of this call. `comment` (NULL: none; at most 64 bytes are used) is the comment that nft(8)
 * prints and nft_rule_list returns.
 */
size_t nft_rule_begin(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
                      bool first, const char *comment);
void nft_rule_end(struct netlink_batch *b, size_t rule);
void nft_rule_delete(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
                     uint64_t handle);

/* Delete all rules of a chain. */
void nft_chain_flush(struct netlink_batch *b, uint8_t family, const char *table, const char *chain);

/* --- Maps from the destination of a packet to its translated destination ----------------------------------
 */

struct nft_map {
    uint8_t family; /* NFPROTO_IPV4 or NFPROTO_IPV6: of the table and of the addresses */
    const char *table, *name;
    uint32_t id;     /* of the map within a transaction */
    bool by_address; /* the key has an address, protocol and port; else protocol and port alone */
};

void nft_map_add(struct netlink_batch *b, const struct nft_map *m);
/* Addresses are in network byte order, ports in host order. Adding an element that exists, or deleting one
 * that does not exist, is an error. `address` is not used unless by_address. */
void nft_map_set(struct netlink_batch *b, const struct nft_map *m, bool add, uint8_t protocol,
                 const uint8_t *address, uint16_t port, const uint8_t *target, uint16_t target_port);
/* The expressions that look up a packet in the map and, if it is found, translate its destination. */
void nft_translate(struct netlink_batch *b, const struct nft_map *m);

/* --- Expressions ------------------------------------------------------------------------------------------
 */

/* Match packets whose destination, or whose source, is an address of this host. */
void nft_match_local(struct netlink_batch *b, bool source);
/* Match packets of a connection with a translated destination. */
void nft_match_translated(struct netlink_batch *b);
/* Match an interface: `key` is NFT_META_IIFNAME or NFT_META_OIFNAME. */
void nft_match_interface(struct netlink_batch *b, uint32_t key, const char *name);
/* Match a transport protocol (IPPROTO_*) and, if `port` is not 0, its destination port (in host order). */
void nft_match_service(struct netlink_batch *b, uint8_t protocol, uint16_t port);
/* Match bytes of the network header under a mask that are equal to `value`, or with `negate` differ from it.
 * `size` is 4 or 16. */
void nft_match_network(struct netlink_batch *b, uint32_t offset, const void *value, const void *mask,
                       size_t size, bool negate);
void nft_counter(struct netlink_batch *b);
void nft_accept(struct netlink_batch *b);
void nft_masquerade(struct netlink_batch *b);

/* End the transaction and commit it. Returns as netlink_exchange. */
int nft_commit(struct netlink *n, struct netlink_batch *b, struct netlink_result *result);

/*
 * Have the kernel check the transaction and discard it, as the kernel does with one that has no end message.
 */
int nft_check(struct netlink *n, struct netlink_batch *b, struct netlink_result *result);

/* --- Listing -------------------------------------------------------------------------------------------- */

struct nft_chain {
    uint8_t family;
    char table[NFT_NAME_SIZE], name[NFT_NAME_SIZE];
    bool base; /* it is attached to a hook */
    uint32_t hook;
    int32_t priority;
    bool drops; /* by policy */
};

struct nft_rule {
    uint8_t family;
    char table[NFT_NAME_SIZE], chain[NFT_NAME_SIZE];
    uint64_t handle;
    char comment[68]; /* "": none */
    bool refuses_all; /* it unconditionally drops or rejects */
};

/* Parse one message of a dump. False if it is of another type, or its names are too long. */
bool nft_chain_parse(const struct netlink_message *m, struct nft_chain *out);
bool nft_rule_parse(const struct netlink_message *m, struct nft_rule *out);

/* All chains, or all rules (in order within a chain), of all families. The caller frees *out. */
int nft_chain_list(struct netlink *n, struct nft_chain **out, size_t *count, struct error *err);
int nft_rule_list(struct netlink *n, struct nft_rule **out, size_t *count, struct error *err);

#endif
