/* The interface between the files that build nftables' messages. */
#ifndef LXCBOX_NET_FIREWALL_NFTABLES_INTERNAL_H
#define LXCBOX_NET_FIREWALL_NFTABLES_INTERNAL_H

#include "net/firewall/nftables.h"

/* An expression is a list element that nests its name and its own attributes. */
struct expression {
    size_t element, data;
};

void nft_begin_message(struct netlink_batch *b, uint16_t message, uint16_t flags, uint8_t family);
void nft_put_be32(struct netlink_batch *b, uint16_t type, uint32_t value);
void nft_put_data(struct netlink_batch *b, uint16_t type, const void *bytes, size_t size);
struct expression nft_expression_begin(struct netlink_batch *b, const char *name);
void nft_expression_end(struct netlink_batch *b, struct expression e);
void nft_load_payload(struct netlink_batch *b, uint32_t to, uint32_t base, uint32_t offset, size_t size);
/* Compare register 1: `op` is NFT_CMP_*. */
void nft_compare(struct netlink_batch *b, uint32_t op, const void *bytes, size_t size);
/* Set the verdict, NF_ACCEPT or NF_DROP. */
void nft_verdict(struct netlink_batch *b, uint32_t verdict);

#endif
