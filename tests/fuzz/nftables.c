/* What the kernel lists of nftables and of connections. */
#include <stdlib.h>
#include <string.h>

#include "net/firewall/conntrack.h"
#include "net/firewall/nftables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct netlink_view rest = {data, size};
    struct netlink_message m;

    while (netlink_next_message(&rest, &m)) {
        struct netlink_view original = {NULL, 0};
        struct conntrack_tuple tuple;
        struct nft_chain chain;
        struct nft_rule rule;

        if (nft_chain_parse(&m, &chain) && (!chain.table[0] || strlen(chain.name) >= NFT_NAME_SIZE))
            abort();
        if (nft_rule_parse(&m, &rule) && (!rule.handle || strlen(rule.comment) >= sizeof(rule.comment)))
            abort();
        if (conntrack_parse(&m, &tuple, &original) && (original.bytes < data || original.length > size))
            abort();
    }
    return 0;
}
