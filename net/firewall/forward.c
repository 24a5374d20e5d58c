#include "net/firewall/forward.h"

#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "core/base/str.h"
#include "net/firewall/nftables.h"

#define TABLE         "lxc-forward"
#define PRIORITY_DNAT (-100) /* NF_IP_PRI_NAT_DST */
#define PRIORITY_SNAT 100

#define IPV4_SOURCE      12 /* offsets in bytes: RFC 791, RFC 8200 */
#define IPV4_DESTINATION 16
#define IPV6_SOURCE      8
#define IPV6_DESTINATION 24

/* --- Text --- */

int forward_parse_protocol(const char *text)
{
    if (strcmp(text, "tcp") == 0)
        return IPPROTO_TCP;
    return strcmp(text, "udp") == 0 ? IPPROTO_UDP : -EINVAL;
}

const char *forward_protocol(const struct forward *f)
{
    return f->protocol == IPPROTO_UDP ? "udp" : "tcp";
}

int forward_parse_port(const char *text, uint16_t *out)
{
    int64_t port;

    if (*text < '0' || *text > '9' || parse_int64(text, 10, 1, UINT16_MAX, &port) < 0)
        return -EINVAL;
    *out = (uint16_t)port;
    return 0;
}

static int forward_bad_host(const char *text, struct error *err)
{
    error_text(err, EINVAL, "\"%s\" is not a port of this host", text);
    return error_remedy(err, "write PORT, ADDRESS:PORT or [IPV6-ADDRESS]:PORT, with a port from 1 to 65535");
}

int forward_parse_host(const char *text, struct forward *out, struct error *err)
{
    const char *colon = strrchr(text, ':'), *start = text, *end = colon;
    char address[IP_TEXT_SIZE];

    out->address = (struct ip){0};
    if (forward_parse_port(colon ? colon + 1 : text, &out->port) < 0)
        return forward_bad_host(text, err);
    if (!colon)
        return 0;
    if (*text == '[' && colon[-1] == ']') {
        start++;
        end--;
    }
    if ((size_t)(end - start) >= sizeof(address))
        return forward_bad_host(text, err);
    memcpy(address, start, (size_t)(end - start));
    address[end - start] = '\0';
    if (ip_parse(address, *text == '[' ? AF_INET6 : AF_INET, &out->address) < 0)
        return forward_bad_host(text, err);
    if (ip_is_zero(&out->address)) {
        error_text(err, EINVAL, "\"%s\" is not an address of this host", text);
        return error_remedy(err, "write the port alone for all addresses");
    }
    return 0;
}

const char *forward_format_host(const struct forward *f, char out[FORWARD_HOST_SIZE])
{
    char address[IP_TEXT_SIZE];

    ip_format(&f->address, address);
    snprintf(out, FORWARD_HOST_SIZE, f->address.family == AF_INET6 ? "[%s]%s%u" : "%s%s%u", address,
             address[0] ? ":" : "", f->port);
    return out;
}

bool forward_same_host(const struct forward *a, const struct forward *b)
{
    return a->protocol == b->protocol && a->port == b->port && ip_equal(&a->address, &b->address);
}

/* --- The tables --- */

static uint8_t forward_family(bool six)
{
    return six ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

static struct nft_map forward_map(bool six, bool by_address)
{
    return (struct nft_map){.family = forward_family(six),
                            .table = TABLE,
                            .name = by_address ? "address" : "all",
                            .id = by_address ? 1 : 2,
                            .by_address = by_address};
}

static int forward_needs_kernel(struct error *err)
{
    return error_remedy(err, "this kernel needs CONFIG_NF_TABLES, _NFT_NAT, _NFT_MASQ, _NFT_CT and "
                             "_NFT_FIB_IPV4 or _NFT_FIB_IPV6");
}

static int forward_explain(const struct netlink_result *result, const char *what, struct error *err)
{
    netlink_error(result, err, "%s", what);
    if (result->code == -EPERM)
        return error_remedy(err, "run it as root, and stop the process that owns the table " TABLE);
    if (result->code == -ENOENT || result->code == -EOPNOTSUPP || result->code == -EAFNOSUPPORT)
        return forward_needs_kernel(err);
    return result->code;
}

static int forward_commit(struct forward_tables *t, struct netlink_batch *b, const char *what,
                          struct error *err)
{
    struct netlink_result result;

    return nft_commit(&t->netlink, b, &result) == 0 ? 0 : forward_explain(&result, what, err);
}

/* Deleting a table that does not exist fails, adding one that does exist succeeds. */
static void forward_delete_table(struct forward_tables *t, bool six)
{
    struct netlink_batch b;

    nft_begin(&b);
    nft_table_add(&b, forward_family(six), TABLE);
    nft_table_delete(&b, forward_family(six), TABLE);
    (void)nft_commit(&t->netlink, &b, NULL);
    t->ready[six] = false;
}

void forward_tables_open(struct forward_tables *t)
{
    *t = (struct forward_tables){.netlink = NETLINK_CLOSED};
    if (netlink_open(&t->netlink, NETLINK_NETFILTER, -1, NULL) == 0) {
        forward_delete_table(t, false);
        forward_delete_table(t, true);
    }
}

void forward_tables_close(struct forward_tables *t)
{
    for (int six = 0; six < 2; six++)
        if (t->netlink.fd >= 0 && t->ready[six])
            forward_delete_table(t, six);
    netlink_close(&t->netlink);
}

/* Translate packets to this host: first by address and port, then by port alone. */
static void forward_add_chain(struct netlink_batch *b, bool six, const char *chain, uint32_t hook)
{
    static const uint8_t loopback[16] = {127, 0, 0, 0}, mask[16] = {255, 0, 0, 0};
    static const uint8_t loopback6[16] = {[15] = 1};
    static const uint8_t mask6[16] = {255, 255, 255, 255, 255, 255, 255, 255,
                                      255, 255, 255, 255, 255, 255, 255, 255};
    struct nft_map address = forward_map(six, true), all = forward_map(six, false);
    size_t rule;

    nft_chain_add(b, all.family, TABLE, chain, "nat", hook, PRIORITY_DNAT);
    rule = nft_rule_begin(b, all.family, TABLE, chain, false, NULL);
    nft_match_local(b, false);
    nft_translate(b, &address);
    nft_rule_end(b, rule);
    rule = nft_rule_begin(b, all.family, TABLE, chain, false, NULL);
    nft_match_local(b, false);
    nft_match_network(b, six ? IPV6_DESTINATION : IPV4_DESTINATION, six ? loopback6 : loopback,
                      six ? mask6 : mask, six ? 16 : 4, true);
    nft_translate(b, &all);
    nft_rule_end(b, rule);
}

static void forward_build_table(struct netlink_batch *b, bool six, bool shared)
{
    struct nft_map address = forward_map(six, true), all = forward_map(six, false);

    nft_begin(b);
    if (shared)
        nft_table_add(b, all.family, TABLE);
    else
        nft_table_own(b, all.family, TABLE);
    nft_map_add(b, &address);
    nft_map_add(b, &all);
    forward_add_chain(b, six, "prerouting", NF_INET_PRE_ROUTING);
    forward_add_chain(b, six, "output", NF_INET_LOCAL_OUT);
    nft_chain_add(b, all.family, TABLE, "postrouting", "nat", NF_INET_POST_ROUTING, PRIORITY_SNAT);
}

static int forward_create_table(struct forward_tables *t, bool six, struct error *err)
{
    struct netlink_batch b;

    if (t->ready[six])
        return 0;
    if (t->netlink.fd < 0 && netlink_open(&t->netlink, NETLINK_NETFILTER, -1, err) < 0)
        return forward_needs_kernel(err);
    if (!t->shared) {
        forward_build_table(&b, six, false);
        if (nft_commit(&t->netlink, &b, NULL) == 0) {
            t->ready[six] = true;
            return 0;
        }
    }
    /* Try without an owner: kernels before 5.12 reject the flag. Any other error occurs again. */
    forward_build_table(&b, six, true);
    if (forward_commit(t, &b, "cannot create the tables for forwards", err) < 0)
        return err ? err->code : -EOPNOTSUPP;
    t->shared = t->ready[six] = true;
    return 0;
}

int forward_tables_set(struct forward_tables *t, bool add, const struct forward *f, const struct ip *target,
                       struct error *err)
{
    bool six = target->family == AF_INET6;
    struct nft_map m = forward_map(six, f->address.family != 0);
    struct netlink_batch b;
    int r = forward_create_table(t, six, err);

    if (r < 0)
        return r;
    nft_begin(&b);
    nft_map_set(&b, &m, add, f->protocol, f->address.bytes, f->port, target->bytes, f->target_port);
    return forward_commit(t, &b, add ? "cannot add the forward" : "cannot remove the forward", err);
}

static void forward_masquerade(struct netlink_batch *b, bool six, const struct ip_prefix *network,
                               bool from_host)
{
    size_t size = six ? 16 : 4, rule;
    uint8_t mask[16] = {0}, value[16];

    for (size_t i = 0; i < size; i++) {
        unsigned bits = network->length > i * 8 ? network->length - (unsigned)i * 8 : 0;

        mask[i] = (uint8_t)(bits >= 8 ? 0xff : 0xff00 >> bits);
        value[i] = network->ip.bytes[i] & mask[i];
    }
    rule = nft_rule_begin(b, forward_family(six), TABLE, "postrouting", false, NULL);
    nft_match_translated(b);
    nft_match_network(b, six ? IPV6_DESTINATION : IPV4_DESTINATION, value, mask, size, false);
    if (from_host)
        nft_match_local(b, true);
    else
        nft_match_network(b, six ? IPV6_SOURCE : IPV4_SOURCE, value, mask, size, false);
    nft_masquerade(b);
    nft_rule_end(b, rule);
}

int forward_tables_networks(struct forward_tables *t, bool six, const struct ip_prefix *networks,
                            size_t count, struct error *err)
{
    struct netlink_batch b;
    int r = count ? forward_create_table(t, six, err) : 0;

    if (r < 0 || !t->ready[six])
        return r;
    nft_begin(&b);
    nft_chain_flush(&b, forward_family(six), TABLE, "postrouting");
    for (size_t i = 0; i < count; i++) {
        forward_masquerade(&b, six, &networks[i], true);
        forward_masquerade(&b, six, &networks[i], false);
    }
    return forward_commit(t, &b, "cannot masquerade connections to forwards", err);
}
