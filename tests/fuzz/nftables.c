/* What the kernel lists of nftables. */
#include <stdlib.h>
#include <string.h>

#include "net/firewall/nftables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct netlink_view rest = {data, size};
    struct netlink_message m;

    while (netlink_next_message(&rest, &m)) {
        struct nft_chain chain;
        struct nft_rule rule;

        if (nft_chain_parse(&m, &chain) && (!chain.table[0] || strlen(chain.name) >= NFT_NAME_SIZE))
            abort();
        if (nft_rule_parse(&m, &rule) && (!rule.handle || strlen(rule.comment) >= sizeof(rule.comment)))
            abort();
    }
    return 0;
}
