#include "net/firewall/port_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "net/firewall/nftables_internal.h"

#define HOOK_IN   0 /* NF_BR_PRE_ROUTING and NF_BR_LOCAL_OUT; linux/netfilter_bridge.h */
#define HOOK_OUT  3
#define PRIORITY  (-300) /* before NF_BR_PRI_FILTER_BRIDGED */
#define LEARNED   64     /* addresses of one container */
#define TYPE_IPV4 7      /* of nft(8), which prints the sets */
#define TYPE_IPV6 8

#define ETHER_SOURCE   6 /* offsets in bytes */
#define ETHER_TYPE     12
#define ARP_HARDWARE   8
#define ARP_ADDRESS    14
#define IPV4_SOURCE    12
#define IPV6_SOURCE    8
#define UDP_PORTS      0
#define DHCP_OP        8 /* from the UDP header on */
#define DHCP_YOURS     (8 + 16)
#define DHCP_HARDWARE  (8 + 28)
#define ICMPV6_TARGET  8
#define ADVERTISEMENT  136
#define IPV6_INTERFACE 8 /* of an address: the bytes derived from the hardware address */

/* A set of the addresses of one family. */
struct filter_set {
    const char *name;
    uint32_t type, size, id;
};

static const struct filter_set set4 = {"ipv4", TYPE_IPV4, 4, 1}, set6 = {"ipv6", TYPE_IPV6, 16, 2};

static void filter_table_name(const char *port, char out[40])
{
    snprintf(out, 40, "lxc-%s", port);
}

static void filter_set_add(struct netlink_batch *b, const char *table, const struct filter_set *s,
                           bool learns)
{
    size_t nest;

    nft_begin_message(b, NFT_MSG_NEWSET, NLM_F_CREATE, NFPROTO_BRIDGE);
    netlink_put_string(b, NFTA_SET_TABLE, table);
    netlink_put_string(b, NFTA_SET_NAME, s->name);
    nft_put_be32(b, NFTA_SET_FLAGS, learns ? NFT_SET_EVAL : 0);
    nft_put_be32(b, NFTA_SET_KEY_TYPE, s->type);
    nft_put_be32(b, NFTA_SET_KEY_LEN, s->size);
    nft_put_be32(b, NFTA_SET_ID, s->id);
    nest = netlink_nest(b, NFTA_SET_DESC);
    nft_put_be32(b, NFTA_SET_DESC_SIZE, LEARNED);
    netlink_nest_end(b, nest);
}

static void filter_set_put(struct netlink_batch *b, const char *table, const struct filter_set *s,
                           const uint8_t *address)
{
    size_t list, element;

    nft_begin_message(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, NFPROTO_BRIDGE);
    netlink_put_string(b, NFTA_SET_ELEM_LIST_TABLE, table);
    netlink_put_string(b, NFTA_SET_ELEM_LIST_SET, s->name);
    nft_put_be32(b, NFTA_SET_ELEM_LIST_SET_ID, s->id);
    list = netlink_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
    element = netlink_nest(b, NFTA_LIST_ELEM);
    nft_put_data(b, NFTA_SET_ELEM_KEY, address, s->size);
    netlink_nest_end(b, element);
    netlink_nest_end(b, list);
}

/* --- Rules: what is not matched is not concerned --- */

static void filter_match(struct netlink_batch *b, uint32_t base, uint32_t offset, const void *bytes,
                         size_t size, bool equal)
{
    nft_load_payload(b, NFT_REG_1, base, offset, size);
    nft_compare(b, equal ? NFT_CMP_EQ : NFT_CMP_NEQ, bytes, size);
}

static void filter_match_not_in(struct netlink_batch *b, uint32_t base, uint32_t offset,
                                const struct filter_set *s)
{
    struct expression e;

    nft_load_payload(b, NFT_REG_1, base, offset, s->size);
    e = nft_expression_begin(b, "lookup");
    netlink_put_string(b, NFTA_LOOKUP_SET, s->name);
    nft_put_be32(b, NFTA_LOOKUP_SREG, NFT_REG_1);
    nft_put_be32(b, NFTA_LOOKUP_SET_ID, s->id);
    nft_put_be32(b, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    nft_expression_end(b, e);
}

static void filter_match_ether(struct netlink_batch *b, uint16_t type)
{
    uint16_t wire = htons(type);

    filter_match(b, NFT_PAYLOAD_LL_HEADER, ETHER_TYPE, &wire, sizeof(wire), true);
}

static size_t filter_rule_begin(struct netlink_batch *b, const char *table, const struct port_filter *f,
                                bool in)
{
    size_t rule = nft_rule_begin(b, NFPROTO_BRIDGE, table, in ? "in" : "out", false, NULL);

    nft_match_interface(b, in ? NFT_META_IIFNAME : NFT_META_OIFNAME, f->port);
    return rule;
}

static void filter_rule_drop(struct netlink_batch *b, size_t rule)
{
    nft_counter(b);
    nft_verdict(b, NF_DROP);
    nft_rule_end(b, rule);
}

static void filter_hardware(struct netlink_batch *b, const char *table, const struct port_filter *f)
{
    size_t rule = filter_rule_begin(b, table, f, true);

    filter_match(b, NFT_PAYLOAD_LL_HEADER, ETHER_SOURCE, f->hardware, 6, false);
    filter_rule_drop(b, rule);
    rule = filter_rule_begin(b, table, f, true);
    filter_match_ether(b, ETH_P_ARP);
    filter_match(b, NFT_PAYLOAD_NETWORK_HEADER, ARP_HARDWARE, f->hardware, 6, false);
    filter_rule_drop(b, rule);
}

static void filter_tagged(struct netlink_batch *b, const char *table, const struct port_filter *f)
{
    static const uint16_t types[] = {ETH_P_8021Q, ETH_P_8021AD};

    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        size_t rule = filter_rule_begin(b, table, f, true);

        filter_match_ether(b, types[i]);
        filter_rule_drop(b, rule);
    }
}

/* The address in a reply of a DHCP server of this host to this container becomes one of its addresses.
 * Replies of servers elsewhere, which another container could forge, do not pass through this hook. */
static void filter_learn(struct netlink_batch *b, const char *table, const struct port_filter *f)
{
    static const uint8_t ports[4] = {0, 67, 0, 68}, reply = 2;
    size_t rule = filter_rule_begin(b, table, f, false);
    struct expression e;

    filter_match_ether(b, ETH_P_IP);
    nft_match_service(b, IPPROTO_UDP, 0);
    filter_match(b, NFT_PAYLOAD_TRANSPORT_HEADER, UDP_PORTS, ports, sizeof(ports), true);
    filter_match(b, NFT_PAYLOAD_TRANSPORT_HEADER, DHCP_OP, &reply, 1, true);
    filter_match(b, NFT_PAYLOAD_TRANSPORT_HEADER, DHCP_HARDWARE, f->hardware, 6, true);
    nft_load_payload(b, NFT_REG_1, NFT_PAYLOAD_TRANSPORT_HEADER, DHCP_YOURS, 4);
    e = nft_expression_begin(b, "dynset");
    netlink_put_string(b, NFTA_DYNSET_SET_NAME, set4.name);
    nft_put_be32(b, NFTA_DYNSET_SET_ID, set4.id);
    nft_put_be32(b, NFTA_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
    nft_put_be32(b, NFTA_DYNSET_SREG_KEY, NFT_REG_1);
    nft_expression_end(b, e);
    nft_rule_end(b, rule);
}

static void filter_ipv4(struct netlink_batch *b, const char *table, const struct port_filter *f)
{
    static const uint8_t any[4]; /* of a client that has no address yet, and of ARP probes: RFC 5227 */
    size_t rule;

    filter_set_add(b, table, &set4, true);
    filter_set_put(b, table, &set4, any);
    for (size_t i = 0; i < f->count; i++)
        if (f->addresses[i].family == AF_INET)
            filter_set_put(b, table, &set4, f->addresses[i].bytes);
    rule = filter_rule_begin(b, table, f, true);
    filter_match_ether(b, ETH_P_IP);
    filter_match_not_in(b, NFT_PAYLOAD_NETWORK_HEADER, IPV4_SOURCE, &set4);
    filter_rule_drop(b, rule);
    rule = filter_rule_begin(b, table, f, true);
    filter_match_ether(b, ETH_P_ARP);
    filter_match_not_in(b, NFT_PAYLOAD_NETWORK_HEADER, ARP_ADDRESS, &set4);
    filter_rule_drop(b, rule);
    filter_learn(b, table, f);
}

static void filter_ipv6(struct netlink_batch *b, const char *table, const struct port_filter *f)
{
    static const uint8_t any[16]; /* duplicate address detection: RFC 4862 */
    const uint8_t *h = f->hardware, type = ADVERTISEMENT;
    const uint8_t derived[8] = {h[0] ^ 2, h[1], h[2], 0xff, 0xfe, h[3], h[4], h[5]};
    size_t rule;

    filter_set_add(b, table, &set6, false);
    filter_set_put(b, table, &set6, any);
    for (size_t i = 0; i < f->count; i++)
        if (f->addresses[i].family == AF_INET6)
            filter_set_put(b, table, &set6, f->addresses[i].bytes);
    rule = filter_rule_begin(b, table, f, true);
    filter_match_ether(b, ETH_P_IPV6);
    filter_match(b, NFT_PAYLOAD_NETWORK_HEADER, IPV6_SOURCE + IPV6_INTERFACE, derived, 8, false);
    filter_match_not_in(b, NFT_PAYLOAD_NETWORK_HEADER, IPV6_SOURCE, &set6);
    filter_rule_drop(b, rule);
    rule = filter_rule_begin(b, table, f, true);
    filter_match_ether(b, ETH_P_IPV6);
    nft_match_service(b, IPPROTO_ICMPV6, 0);
    filter_match(b, NFT_PAYLOAD_TRANSPORT_HEADER, 0, &type, 1, true);
    filter_match(b, NFT_PAYLOAD_TRANSPORT_HEADER, ICMPV6_TARGET + IPV6_INTERFACE, derived, 8, false);
    filter_match_not_in(b, NFT_PAYLOAD_TRANSPORT_HEADER, ICMPV6_TARGET, &set6);
    filter_rule_drop(b, rule);
}

static int filter_commit(struct netlink *n, const struct port_filter *f, bool owned,
                         struct netlink_result *result)
{
    struct netlink_batch b;
    char table[40];

    filter_table_name(f->port, table);
    nft_begin(&b);
    if (owned) {
        nft_table_own(&b, NFPROTO_BRIDGE, table);
    } else { /* replace one that is left over from a crash */
        nft_table_add(&b, NFPROTO_BRIDGE, table);
        nft_table_delete(&b, NFPROTO_BRIDGE, table);
        nft_table_add(&b, NFPROTO_BRIDGE, table);
    }
    nft_chain_add(&b, NFPROTO_BRIDGE, table, "in", "filter", HOOK_IN, PRIORITY);
    nft_chain_add(&b, NFPROTO_BRIDGE, table, "out", "filter", HOOK_OUT, PRIORITY);
    filter_hardware(&b, table, f);
    if (!f->tagged)
        filter_tagged(&b, table, f);
    if (f->ipv4)
        filter_ipv4(&b, table, f);
    if (f->ipv6)
        filter_ipv6(&b, table, f);
    return nft_commit(n, &b, result);
}

int port_filter_install(struct netlink *n, const struct port_filter *f, struct error *err)
{
    struct netlink_result result;

    /* Kernels before 5.12 reject the owner. Any other error occurs again. */
    if (filter_commit(n, f, true, NULL) == 0 || filter_commit(n, f, false, &result) == 0)
        return 0;
    netlink_error(&result, err, "cannot filter the addresses of %s", f->port);
    if (result.code == -EOPNOTSUPP || result.code == -EAFNOSUPPORT || result.code == -ENOENT)
        return error_remedy(err, "the kernel needs CONFIG_NF_TABLES_BRIDGE; or remove refuse_spoofing");
    return result.code;
}

void port_filter_remove(struct netlink *n, const char *port)
{
    struct netlink_batch b;
    char table[40];

    filter_table_name(port, table);
    nft_begin(&b);
    nft_table_delete(&b, NFPROTO_BRIDGE, table);
    (void)nft_commit(n, &b, NULL); /* ENOENT: none */
}
