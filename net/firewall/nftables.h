/*
 * nftables: tables, chains and rules by netlink, all of one change in one transaction that the kernel takes
 * whole or not at all. Sources: linux/netfilter/nf_tables.h, nft(8), and the kernel's
 * net/netfilter/nfnetlink.c for batches.
 */
#ifndef LXCBOX_NET_NFTABLES_H
#define LXCBOX_NET_NFTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/netlink.h"

#define NFT_NAME_SIZE 128 /* bytes with the NUL; a longer name is passed over in listings */

/* --- Building a transaction ----------------------------------------------------------------------------- */

/* Families are NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_INET. */
void nft_begin(struct netlink_batch *b);
void nft_table_add(struct netlink_batch *b, uint8_t family, const char *table);
/* The same, owned by this socket: nobody else can change the table, no "nft flush ruleset" removes it, and
 * the kernel does when the socket is closed. Since Linux 5.12; -EOPNOTSUPP before. */
void nft_table_own(struct netlink_batch *b, uint8_t family, const char *table);
/* The table and all in it; it must exist. */
void nft_table_delete(struct netlink_batch *b, uint8_t family, const char *table);

/* A base chain with policy accept. `type` is "filter" or "nat", `hook` NF_INET_*. */
void nft_chain_add(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
                   const char *type, uint32_t hook, int32_t priority);

/*
 * Begin a rule, at the chain's front where `first`; its expressions follow, then nft_rule_end with what this
 * returned. `comment` (NULL: none; at most 64 bytes count) is what nft(8) shows as comment and nft_rule_list
 * tells again.
 */
size_t nft_rule_begin(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
                      bool first, const char *comment);
void nft_rule_end(struct netlink_batch *b, size_t rule);
void nft_rule_delete(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
                     uint64_t handle);

/* Delete all rules of a chain. */
void nft_chain_flush(struct netlink_batch *b, uint8_t family, const char *table, const char *chain);

/* --- Maps from a destination of packets to the destination that they get ----------------------------------
 */

struct nft_map {
    uint8_t family; /* NFPROTO_IPV4 or NFPROTO_IPV6: of the table and of the addresses */
    const char *table, *name;
    uint32_t id;     /* of the map within a transaction */
    bool by_address; /* the key has an address too, else protocol and port alone */
};

void nft_map_add(struct netlink_batch *b, const struct nft_map *m);
/* Addresses are in network byte order, ports in host order. An element that exists, or to be deleted does
 * not, is an error. `address` is not used unless by_address. */
void nft_map_set(struct netlink_batch *b, const struct nft_map *m, bool add, uint8_t protocol,
                 const uint8_t *address, uint16_t port, const uint8_t *target, uint16_t target_port);
/* The expressions that look up a packet in the map and, where it is found, translate its destination. */
void nft_translate(struct netlink_batch *b, const struct nft_map *m);

/* --- Expressions ------------------------------------------------------------------------------------------
 */

/* Whether the packet's destination, or its source, is an address of this host. */
void nft_match_local(struct netlink_batch *b, bool source);
/* Whether the packet's connection has a translated destination. */
void nft_match_translated(struct netlink_batch *b);
/* An interface: `key` is NFT_META_IIFNAME or NFT_META_OIFNAME. */
void nft_match_interface(struct netlink_batch *b, uint32_t key, const char *name);
/* A transport protocol (IPPROTO_*), and where port is not 0 its destination port in host order. */
void nft_match_service(struct netlink_batch *b, uint8_t protocol, uint16_t port);
/* Bytes of the network header under a mask, equal to `value` or (negate) not. `size` is 4 or 16. */
void nft_match_network(struct netlink_batch *b, uint32_t offset, const void *value, const void *mask,
                       size_t size, bool negate);
void nft_counter(struct netlink_batch *b);
void nft_accept(struct netlink_batch *b);
void nft_masquerade(struct netlink_batch *b);

/* End the transaction and have the kernel take it. As netlink_exchange. */
int nft_commit(struct netlink *n, struct netlink_batch *b, struct netlink_result *result);

/* Have the kernel check the transaction and drop it, which it does with one that has no end. */
int nft_check(struct netlink *n, struct netlink_batch *b, struct netlink_result *result);

/* --- Listing -------------------------------------------------------------------------------------------- */

struct nft_chain {
    uint8_t family;
    char table[NFT_NAME_SIZE], name[NFT_NAME_SIZE];
    bool base; /* it has a hook */
    uint32_t hook;
    int32_t priority;
    bool drops; /* by policy */
};

struct nft_rule {
    uint8_t family;
    char table[NFT_NAME_SIZE], chain[NFT_NAME_SIZE];
    uint64_t handle;
    char comment[68]; /* "" for none */
    bool refuses_all; /* without any condition it drops or rejects */
};

/* Read one message of a dump; false where it is of another type or its names are too long. */
bool nft_chain_parse(const struct netlink_message *m, struct nft_chain *out);
bool nft_rule_parse(const struct netlink_message *m, struct nft_rule *out);

/* Every chain, every rule (in order within a chain), of every family. The caller frees *out. */
int nft_chain_list(struct netlink *n, struct nft_chain **out, size_t *count, struct error *err);
int nft_rule_list(struct netlink *n, struct nft_rule **out, size_t *count, struct error *err);

#endif
