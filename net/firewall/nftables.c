#include "net/firewall/nftables.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "net/firewall/nftables_internal.h"

/* Types in NFTA_RULE_USERDATA as numbered by libnftnl and nft: a byte of type, one of length, the value. */
#define USERDATA_COMMENT 0
#define COMMENT_MAX      64
#define TABLE_OWNER      0x2   /* NFT_TABLE_F_OWNER, which kernel headers before 5.12 lack */
#define DUMP_MAX         65536 /* chains or rules; more are treated as an attack */

/* --- Building --- */

void nft_begin_message(struct netlink_batch *b, uint16_t message, uint16_t flags, uint8_t family)
{
    struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};

    netlink_begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message), flags, &header, sizeof(header));
}

static void nft_frame(struct netlink_batch *b, uint16_t type)
{
    struct nfgenmsg header = {.nfgen_family = AF_UNSPEC, .res_id = htons(NFNL_SUBSYS_NFTABLES)};

    netlink_frame(b, type, &header, sizeof(header));
}

void nft_put_be32(struct netlink_batch *b, uint16_t type, uint32_t value)
{
    netlink_put_u32(b, type, htonl(value));
}

void nft_begin(struct netlink_batch *b)
{
    netlink_batch_init(b);
    nft_frame(b, NFNL_MSG_BATCH_BEGIN);
}

void nft_table_add(struct netlink_batch *b, uint8_t family, const char *table)
{
    nft_begin_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, family);
    netlink_put_string(b, NFTA_TABLE_NAME, table);
}

void nft_table_own(struct netlink_batch *b, uint8_t family, const char *table)
{
    nft_table_add(b, family, table);
    nft_put_be32(b, NFTA_TABLE_FLAGS, TABLE_OWNER);
}

void nft_table_delete(struct netlink_batch *b, uint8_t family, const char *table)
{
    nft_begin_message(b, NFT_MSG_DELTABLE, 0, family);
    netlink_put_string(b, NFTA_TABLE_NAME, table);
}

void nft_chain_add(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
                   const char *type, uint32_t hook, int32_t priority)
{
    size_t nest;

    nft_begin_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, family);
    netlink_put_string(b, NFTA_CHAIN_TABLE, table);
    netlink_put_string(b, NFTA_CHAIN_NAME, chain);
    nest = netlink_nest(b, NFTA_CHAIN_HOOK);
    nft_put_be32(b, NFTA_HOOK_HOOKNUM, hook);
    nft_put_be32(b, NFTA_HOOK_PRIORITY, (uint32_t)priority);
    netlink_nest_end(b, nest);
    nft_put_be32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
    netlink_put_string(b, NFTA_CHAIN_TYPE, type);
}

size_t nft_rule_begin(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
                      bool first, const char *comment)
{
    nft_begin_message(b, NFT_MSG_NEWRULE, NLM_F_CREATE | (first ? 0 : NLM_F_APPEND), family);
    netlink_put_string(b, NFTA_RULE_TABLE, table);
    netlink_put_string(b, NFTA_RULE_CHAIN, chain);
    if (comment) {
        size_t length = strnlen(comment, COMMENT_MAX);
        uint8_t data[2 + COMMENT_MAX + 1] = {USERDATA_COMMENT, (uint8_t)(length + 1)};

        memcpy(data + 2, comment, length);
        netlink_put(b, NFTA_RULE_USERDATA, data, 2 + length + 1);
    }
    return netlink_nest(b, NFTA_RULE_EXPRESSIONS);
}

void nft_rule_end(struct netlink_batch *b, size_t rule)
{
    netlink_nest_end(b, rule);
}

void nft_rule_delete(struct netlink_batch *b, uint8_t family, const char *table, const char *chain,
                     uint64_t handle)
{
    uint64_t wire = htobe64(handle);

    nft_begin_message(b, NFT_MSG_DELRULE, 0, family);
    netlink_put_string(b, NFTA_RULE_TABLE, table);
    netlink_put_string(b, NFTA_RULE_CHAIN, chain);
    netlink_put(b, NFTA_RULE_HANDLE, &wire, sizeof(wire));
}

void nft_chain_flush(struct netlink_batch *b, uint8_t family, const char *table, const char *chain)
{
    nft_begin_message(b, NFT_MSG_DELRULE, 0, family);
    netlink_put_string(b, NFTA_RULE_TABLE, table);
    netlink_put_string(b, NFTA_RULE_CHAIN, chain);
}

struct expression nft_expression_begin(struct netlink_batch *b, const char *name)
{
    struct expression e;

    e.element = netlink_nest(b, NFTA_LIST_ELEM);
    netlink_put_string(b, NFTA_EXPR_NAME, name);
    e.data = netlink_nest(b, NFTA_EXPR_DATA);
    return e;
}

void nft_expression_end(struct netlink_batch *b, struct expression e)
{
    netlink_nest_end(b, e.data);
    netlink_nest_end(b, e.element);
}

void nft_put_data(struct netlink_batch *b, uint16_t type, const void *bytes, size_t size)
{
    size_t nest = netlink_nest(b, type);

    netlink_put(b, NFTA_DATA_VALUE, bytes, size);
    netlink_nest_end(b, nest);
}

static void nft_load_meta(struct netlink_batch *b, uint32_t key)
{
    struct expression e = nft_expression_begin(b, "meta");

    nft_put_be32(b, NFTA_META_DREG, NFT_REG_1);
    nft_put_be32(b, NFTA_META_KEY, key);
    nft_expression_end(b, e);
}

void nft_load_payload(struct netlink_batch *b, uint32_t to, uint32_t base, uint32_t offset, size_t size)
{
    struct expression e = nft_expression_begin(b, "payload");

    nft_put_be32(b, NFTA_PAYLOAD_DREG, to);
    nft_put_be32(b, NFTA_PAYLOAD_BASE, base);
    nft_put_be32(b, NFTA_PAYLOAD_OFFSET, offset);
    nft_put_be32(b, NFTA_PAYLOAD_LEN, (uint32_t)size);
    nft_expression_end(b, e);
}

void nft_compare(struct netlink_batch *b, uint32_t op, const void *bytes, size_t size)
{
    struct expression e = nft_expression_begin(b, "cmp");

    nft_put_be32(b, NFTA_CMP_SREG, NFT_REG_1);
    nft_put_be32(b, NFTA_CMP_OP, op);
    nft_put_data(b, NFTA_CMP_DATA, bytes, size);
    nft_expression_end(b, e);
}

static void nft_mask_register(struct netlink_batch *b, const void *mask, size_t size)
{
    static const uint8_t zeros[16];
    struct expression e = nft_expression_begin(b, "bitwise");

    nft_put_be32(b, NFTA_BITWISE_SREG, NFT_REG_1);
    nft_put_be32(b, NFTA_BITWISE_DREG, NFT_REG_1);
    nft_put_be32(b, NFTA_BITWISE_LEN, (uint32_t)size);
    nft_put_data(b, NFTA_BITWISE_MASK, mask, size);
    nft_put_data(b, NFTA_BITWISE_XOR, zeros, size);
    nft_expression_end(b, e);
}

void nft_match_interface(struct netlink_batch *b, uint32_t key, const char *name)
{
    nft_load_meta(b, key);
    /*
     * With exactly one NUL, as iptables-nft writes it: iptables-nft must be able to read rules in its chains.
     */
    nft_compare(b, NFT_CMP_EQ, name, strlen(name) + 1);
}

void nft_match_service(struct netlink_batch *b, uint8_t protocol, uint16_t port)
{
    uint16_t wire = htons(port);

    nft_load_meta(b, NFT_META_L4PROTO);
    nft_compare(b, NFT_CMP_EQ, &protocol, sizeof(protocol));
    if (!port)
        return;
    nft_load_payload(b, NFT_REG_1, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(wire));
    nft_compare(b, NFT_CMP_EQ, &wire, sizeof(wire));
}

void nft_match_network(struct netlink_batch *b, uint32_t offset, const void *value, const void *mask,
                       size_t size, bool negate)
{
    nft_load_payload(b, NFT_REG_1, NFT_PAYLOAD_NETWORK_HEADER, offset, size);
    nft_mask_register(b, mask, size);
    nft_compare(b, negate ? NFT_CMP_NEQ : NFT_CMP_EQ, value, size);
}

void nft_counter(struct netlink_batch *b)
{
    nft_expression_end(b, nft_expression_begin(b, "counter"));
}

void nft_verdict(struct netlink_batch *b, uint32_t code)
{
    struct expression e = nft_expression_begin(b, "immediate");
    size_t data, verdict;

    nft_put_be32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    data = netlink_nest(b, NFTA_IMMEDIATE_DATA);
    verdict = netlink_nest(b, NFTA_DATA_VERDICT);
    nft_put_be32(b, NFTA_VERDICT_CODE, code);
    netlink_nest_end(b, verdict);
    netlink_nest_end(b, data);
    nft_expression_end(b, e);
}

void nft_accept(struct netlink_batch *b)
{
    nft_verdict(b, NF_ACCEPT);
}

void nft_masquerade(struct netlink_batch *b)
{
    nft_expression_end(b, nft_expression_begin(b, "masq"));
}

/* --- Maps --- */

/*
 * Numbers of types in nft(8), which it needs to print an element; a concatenation has 6 bits for each type.
 */
enum { TYPE_IPV4 = 7, TYPE_IPV6 = 8, TYPE_PROTOCOL = 12, TYPE_SERVICE = 13, TYPE_BITS = 6 };

#define WORD 4 /* bytes; the size of a register, to which each part of a concatenation is padded */

static uint32_t nft_map_address_size(const struct nft_map *m)
{
    return m->family == NFPROTO_IPV6 ? 16 : 4;
}

static uint32_t nft_map_key_size(const struct nft_map *m)
{
    return 2 * WORD + (m->by_address ? nft_map_address_size(m) : 0);
}

void nft_map_add(struct netlink_batch *b, const struct nft_map *m)
{
    uint32_t address = m->family == NFPROTO_IPV6 ? TYPE_IPV6 : TYPE_IPV4;
    uint32_t key = m->by_address ? TYPE_PROTOCOL << TYPE_BITS | address : TYPE_PROTOCOL;

    nft_begin_message(b, NFT_MSG_NEWSET, NLM_F_CREATE, m->family);
    netlink_put_string(b, NFTA_SET_TABLE, m->table);
    netlink_put_string(b, NFTA_SET_NAME, m->name);
    nft_put_be32(b, NFTA_SET_FLAGS, NFT_SET_MAP);
    nft_put_be32(b, NFTA_SET_KEY_TYPE, key << TYPE_BITS | TYPE_SERVICE);
    nft_put_be32(b, NFTA_SET_KEY_LEN, nft_map_key_size(m));
    nft_put_be32(b, NFTA_SET_DATA_TYPE, address << TYPE_BITS | TYPE_SERVICE);
    nft_put_be32(b, NFTA_SET_DATA_LEN, nft_map_address_size(m) + WORD);
    nft_put_be32(b, NFTA_SET_ID, m->id);
}

void nft_map_set(struct netlink_batch *b, const struct nft_map *m, bool add, uint8_t protocol,
                 const uint8_t *address, uint16_t port, const uint8_t *target, uint16_t target_port)
{
    uint32_t size = nft_map_address_size(m), at = WORD;
    uint8_t key[2 * WORD + 16] = {protocol}, data[16 + WORD] = {0};
    size_t list, element;

    if (m->by_address) {
        memcpy(key + at, address, size);
        at += size;
    }
    memcpy(key + at, &(uint16_t){htons(port)}, sizeof(port));
    memcpy(data, target, size);
    memcpy(data + size, &(uint16_t){htons(target_port)}, sizeof(port));
    nft_begin_message(b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
                      m->family);
    netlink_put_string(b, NFTA_SET_ELEM_LIST_TABLE, m->table);
    netlink_put_string(b, NFTA_SET_ELEM_LIST_SET, m->name);
    list = netlink_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
    element = netlink_nest(b, NFTA_LIST_ELEM);
    nft_put_data(b, NFTA_SET_ELEM_KEY, key, nft_map_key_size(m));
    if (add)
        nft_put_data(b, NFTA_SET_ELEM_DATA, data, size + WORD);
    netlink_nest_end(b, element);
    netlink_nest_end(b, list);
}

void nft_translate(struct netlink_batch *b, const struct nft_map *m)
{
    uint32_t size = nft_map_address_size(m), next = NFT_REG32_00 + 1;
    struct expression e;

    nft_load_meta(b, NFT_META_L4PROTO);
    if (m->by_address) {
        nft_load_payload(b, next, NFT_PAYLOAD_NETWORK_HEADER, m->family == NFPROTO_IPV6 ? 24 : 16, size);
        next += size / WORD;
    }
    nft_load_payload(b, next, NFT_PAYLOAD_TRANSPORT_HEADER, 2, sizeof(uint16_t));
    e = nft_expression_begin(b, "lookup");
    netlink_put_string(b, NFTA_LOOKUP_SET, m->name);
    nft_put_be32(b, NFTA_LOOKUP_SREG, NFT_REG_1);
    nft_put_be32(b, NFTA_LOOKUP_DREG, NFT_REG_1);
    nft_put_be32(b, NFTA_LOOKUP_SET_ID, m->id);
    nft_expression_end(b, e);
    e = nft_expression_begin(b, "nat");
    nft_put_be32(b, NFTA_NAT_TYPE, NFT_NAT_DNAT);
    nft_put_be32(b, NFTA_NAT_FAMILY, m->family);
    nft_put_be32(b, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
    nft_put_be32(b, NFTA_NAT_REG_PROTO_MIN, NFT_REG32_00 + size / WORD);
    nft_expression_end(b, e);
}

void nft_match_local(struct netlink_batch *b, bool source)
{
    uint32_t local = RTN_LOCAL;
    struct expression e = nft_expression_begin(b, "fib");

    nft_put_be32(b, NFTA_FIB_DREG, NFT_REG_1);
    nft_put_be32(b, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    nft_put_be32(b, NFTA_FIB_FLAGS, source ? NFTA_FIB_F_SADDR : NFTA_FIB_F_DADDR);
    nft_expression_end(b, e);
    nft_compare(b, NFT_CMP_EQ, &local, sizeof(local));
}

void nft_match_translated(struct netlink_batch *b)
{
    uint32_t mask = IPS_DST_NAT, zero = 0;
    struct expression e = nft_expression_begin(b, "ct");

    nft_put_be32(b, NFTA_CT_DREG, NFT_REG_1);
    nft_put_be32(b, NFTA_CT_KEY, NFT_CT_STATUS);
    nft_expression_end(b, e);
    nft_mask_register(b, &mask, sizeof(mask));
    nft_compare(b, NFT_CMP_NEQ, &zero, sizeof(zero));
}

int nft_commit(struct netlink *n, struct netlink_batch *b, struct netlink_result *result)
{
    nft_frame(b, NFNL_MSG_BATCH_END);
    return netlink_exchange(n, b, NULL, result);
}

int nft_check(struct netlink *n, struct netlink_batch *b, struct netlink_result *result)
{
    return netlink_exchange(n, b, NULL, result);
}

/* --- Listing --- */

static bool nft_parse_header(const struct netlink_message *m, uint16_t message, struct netlink_view *rest,
                             uint8_t *family)
{
    struct nfgenmsg header;

    *rest = m->payload;
    if (m->type != (NFNL_SUBSYS_NFTABLES << 8 | message) ||
        !netlink_take_header(rest, &header, sizeof(header)))
        return false;
    *family = header.nfgen_family;
    return true;
}

static uint32_t nft_be32(const struct netlink_attribute *a)
{
    return ntohl(netlink_u32(a));
}

static bool nft_parse_name(const struct netlink_attribute *a, char out[NFT_NAME_SIZE])
{
    netlink_string(a, out, NFT_NAME_SIZE);
    return a->payload.length <= NFT_NAME_SIZE && out[0];
}

bool nft_chain_parse(const struct netlink_message *m, struct nft_chain *out)
{
    struct netlink_view rest, hook;
    struct netlink_attribute a, inner;

    *out = (struct nft_chain){0};
    if (!nft_parse_header(m, NFT_MSG_NEWCHAIN, &rest, &out->family))
        return false;
    while (netlink_next_attribute(&rest, &a)) {
        if ((a.type == NFTA_CHAIN_TABLE && !nft_parse_name(&a, out->table)) ||
            (a.type == NFTA_CHAIN_NAME && !nft_parse_name(&a, out->name)))
            return false;
        if (a.type == NFTA_CHAIN_POLICY)
            out->drops = nft_be32(&a) == NF_DROP;
        if (a.type != NFTA_CHAIN_HOOK)
            continue;
        for (hook = a.payload, out->base = true; netlink_next_attribute(&hook, &inner);) {
            if (inner.type == NFTA_HOOK_HOOKNUM)
                out->hook = nft_be32(&inner);
            else if (inner.type == NFTA_HOOK_PRIORITY)
                out->priority = (int32_t)nft_be32(&inner);
        }
    }
    return out->table[0] && out->name[0];
}

/* Find the attribute `type` in a nest; false if there is none. */
static bool nft_find_attribute(struct netlink_view nest, uint16_t type, struct netlink_attribute *out)
{
    while (netlink_next_attribute(&nest, out))
        if (out->type == type)
            return true;
    return false;
}

static bool nft_is_drop(const struct netlink_attribute *immediate)
{
    struct netlink_attribute a;

    return nft_find_attribute(immediate->payload, NFTA_IMMEDIATE_DATA, &a) &&
           nft_find_attribute(a.payload, NFTA_DATA_VERDICT, &a) &&
           nft_find_attribute(a.payload, NFTA_VERDICT_CODE, &a) && nft_be32(&a) == NF_DROP;
}

/* Whether the rule unconditionally drops or rejects; it may also count and log. */
static bool nft_refuses_all(struct netlink_view expressions)
{
    struct netlink_attribute element, name, data;
    bool refuses = false;

    while (netlink_next_attribute(&expressions, &element)) {
        char word[16] = "";

        if (!nft_find_attribute(element.payload, NFTA_EXPR_NAME, &name))
            return false;
        netlink_string(&name, word, sizeof(word));
        if (strcmp(word, "counter") == 0 || strcmp(word, "log") == 0)
            continue;
        if (strcmp(word, "reject") != 0 &&
            (strcmp(word, "immediate") != 0 || !nft_find_attribute(element.payload, NFTA_EXPR_DATA, &data) ||
             !nft_is_drop(&data)))
            return false;
        refuses = true;
    }
    return refuses;
}

static void nft_parse_comment(struct netlink_view data, char *out, size_t size)
{
    while (data.length >= 2) {
        size_t length = data.bytes[1];

        if (length > data.length - 2)
            return;
        if (data.bytes[0] == USERDATA_COMMENT) {
            struct netlink_attribute text = {0, {data.bytes + 2, length}};

            netlink_string(&text, out, size);
            return;
        }
        data.bytes += 2 + length;
        data.length -= 2 + length;
    }
}

bool nft_rule_parse(const struct netlink_message *m, struct nft_rule *out)
{
    struct netlink_attribute a;
    struct netlink_view rest;

    *out = (struct nft_rule){0};
    if (!nft_parse_header(m, NFT_MSG_NEWRULE, &rest, &out->family))
        return false;
    while (netlink_next_attribute(&rest, &a)) {
        uint64_t handle;

        if ((a.type == NFTA_RULE_TABLE && !nft_parse_name(&a, out->table)) ||
            (a.type == NFTA_RULE_CHAIN && !nft_parse_name(&a, out->chain)))
            return false;
        if (a.type == NFTA_RULE_HANDLE && netlink_bytes(&a, &handle, sizeof(handle)) == sizeof(handle))
            out->handle = be64toh(handle);
        else if (a.type == NFTA_RULE_EXPRESSIONS)
            out->refuses_all = nft_refuses_all(a.payload);
        else if (a.type == NFTA_RULE_USERDATA)
            nft_parse_comment(a.payload, out->comment, sizeof(out->comment));
    }
    return out->table[0] && out->chain[0] && out->handle;
}

static bool nft_parse_chain(const struct netlink_message *m, void *out)
{
    return nft_chain_parse(m, out);
}

static bool nft_parse_rule(const struct netlink_message *m, void *out)
{
    return nft_rule_parse(m, out);
}

/* Dump the objects that the request `message` lists into an array of elements of `size` bytes. */
static int nft_list(struct netlink *n, uint16_t message, const char *what, size_t size,
                    bool (*parse)(const struct netlink_message *, void *), void **out, size_t *count,
                    struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    cleanup_free void *items = NULL;
    struct netlink_result result;
    struct netlink_message m;
    struct netlink_view rest;
    struct netlink_batch b;
    size_t used = 0, room = 0;

    netlink_batch_init(&b);
    nft_begin_message(&b, message, 0, AF_UNSPEC);
    if (netlink_dump(n, &b, &replies, &result) < 0)
        return netlink_error(&result, err, "cannot list the firewall's %s", what);
    rest = (struct netlink_view){(const uint8_t *)replies.text, replies.length};
    while (netlink_next_message(&rest, &m) && used < DUMP_MAX) {
        if (used == room) {
            void *more = reallocarray(items, room = room ? room * 2 : 16, size);

            if (!more)
                return error_set(err, ENOMEM, "cannot list the firewall's %s", what);
            items = more;
        }
        used += parse(&m, (char *)items + used * size);
    }
    *out = take_ptr(items);
    *count = used;
    return 0;
}

int nft_chain_list(struct netlink *n, struct nft_chain **out, size_t *count, struct error *err)
{
    return nft_list(n, NFT_MSG_GETCHAIN, "chains", sizeof(**out), nft_parse_chain, (void **)out, count, err);
}

int nft_rule_list(struct netlink *n, struct nft_rule **out, size_t *count, struct error *err)
{
    return nft_list(n, NFT_MSG_GETRULE, "rules", sizeof(**out), nft_parse_rule, (void **)out, count, err);
}
