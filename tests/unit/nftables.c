/* What is built for nftables is what nftables' listings are read as. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sched.h>
#include <arpa/inet.h>
#include <errno.h>

#include "core/base/cleanup.h"
#include "net/firewall/firewall.h"
#include "net/firewall/nftables.h"
#include "tests/unit/skip.h"

/* The message that follows the transaction's begin. */
static struct netlink_message second_message(const struct netlink_batch *b)
{
    struct netlink_view rest = {b->bytes, b->length};
    struct netlink_message m;

    assert_true(netlink_next_message(&rest, &m));
    assert_true(netlink_next_message(&rest, &m));
    return m;
}

static void a_chain_is_read_as_it_was_built(void **state)
{
    struct netlink_message m;
    struct netlink_batch b;
    struct nft_chain c;

    (void)state;
    nft_begin(&b);
    nft_chain_add(&b, NFPROTO_IPV6, "t", "c", "filter", NF_INET_FORWARD, -5);
    m = second_message(&b);
    assert_true(nft_chain_parse(&m, &c));
    assert_int_equal(c.family, NFPROTO_IPV6);
    assert_string_equal(c.table, "t");
    assert_string_equal(c.name, "c");
    assert_true(c.base);
    assert_int_equal(c.hook, NF_INET_FORWARD);
    assert_int_equal(c.priority, -5);
    assert_false(c.drops);
}

/* DELRULE and NEWRULE carry the same attributes; a listing has them all in one NEWRULE. */
static struct nft_rule built_rule(void (*expressions)(struct netlink_batch *), const char *comment)
{
    uint64_t handle = 0x0700000000000000; /* 7, big-endian on a little-endian machine; not 0 on any */
    struct netlink_message m;
    struct netlink_batch b;
    struct nft_rule r;
    size_t rule;

    nft_begin(&b);
    rule = nft_rule_begin(&b, NFPROTO_INET, "t", "c", false, comment);
    expressions(&b);
    nft_rule_end(&b, rule);
    netlink_put(&b, NFTA_RULE_HANDLE, &handle, sizeof(handle));
    m = second_message(&b);
    assert_true(nft_rule_parse(&m, &r));
    return r;
}

static void accept_all(struct netlink_batch *b)
{
    nft_counter(b);
    nft_accept(b);
}

static void reject_all(struct netlink_batch *b)
{
    size_t element = netlink_nest(b, NFTA_LIST_ELEM);

    netlink_put_string(b, NFTA_EXPR_NAME, "reject");
    netlink_nest_end(b, element);
}

static void reject_one_service(struct netlink_batch *b)
{
    nft_match_service(b, 17, 53);
    reject_all(b);
}

static void a_rule_is_known_by_its_comment(void **state)
{
    char longest[200];
    struct nft_rule r;

    (void)state;
    assert_string_equal(built_rule(accept_all, "hello").comment, "hello");
    assert_string_equal(built_rule(accept_all, NULL).comment, "");
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    r = built_rule(accept_all, longest);
    assert_int_equal(strlen(r.comment), 64);
}

static void only_a_rule_without_condition_refuses_all(void **state)
{
    (void)state;
    assert_true(built_rule(reject_all, NULL).refuses_all);
    assert_false(built_rule(reject_one_service, NULL).refuses_all);
    assert_false(built_rule(accept_all, NULL).refuses_all);
}

static void a_name_too_long_is_passed_over(void **state)
{
    char name[NFT_NAME_SIZE + 10];
    struct netlink_message m;
    struct netlink_batch b;
    struct nft_chain c;

    (void)state;
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    nft_begin(&b);
    nft_chain_add(&b, NFPROTO_INET, "t", name, "filter", NF_INET_FORWARD, 0);
    m = second_message(&b);
    assert_false(nft_chain_parse(&m, &c));
}

/* In a network namespace of its own; the kernel is asked. */
static void the_firewall_is_put_up_replaced_and_taken_down(void **state)
{
    struct firewall f = {.bridge = "nobr0", .ipv4 = true, .prefix = 24, .ipv6 = true, .prefix6 = 64};
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_free struct firewall_obstacle *obstacles = NULL;
    struct error err = ERROR_INIT;
    struct nft_chain *chains;
    size_t count;

    (void)state;
    if (unshare(CLONE_NEWNET) < 0)
        SKIP("network namespaces may not be made here");
    f.network.s_addr = htonl(0x0a000300);
    if (firewall_probe(-1, true, &err) < 0)
        SKIP("this kernel has no nf_tables");
    assert_int_equal(netlink_open(&n, NETLINK_NETFILTER, -1, &err), 0);
    assert_int_equal(nft_chain_list(&n, &chains, &count, &err), 0);
    assert_int_equal(count, 0); /* the probe has left nothing */
    free(chains);
    if (firewall_install(-1, &f, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(firewall_install(-1, &f, &err), 0);
    assert_int_equal(nft_chain_list(&n, &chains, &count, &err), 0);
    assert_int_equal(count, 4);
    free(chains);
    assert_int_equal(firewall_obstacles(-1, &obstacles, &count, &err), 0);
    assert_int_equal(count, 0);
    assert_int_equal(firewall_remove(-1, &err), 0);
    assert_int_equal(firewall_remove(-1, &err), 0);
    assert_int_equal(nft_chain_list(&n, &chains, &count, &err), 0);
    assert_int_equal(count, 0);
    free(chains);
}

/* A transaction that fails is answered, not waited for. */
static void a_transaction_that_fails_changes_nothing(void **state)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct error err = ERROR_INIT;
    struct netlink_result result;
    struct nft_chain *chains;
    struct netlink_batch b;
    size_t count;

    (void)state;
    if (unshare(CLONE_NEWNET) < 0 || firewall_probe(-1, true, &err) < 0)
        SKIP("this kernel has no nf_tables");
    assert_int_equal(netlink_open(&n, NETLINK_NETFILTER, -1, &err), 0);
    nft_begin(&b);
    nft_table_add(&b, NFPROTO_INET, "kept");
    nft_chain_add(&b, NFPROTO_INET, "kept", "c", "filter", NF_INET_FORWARD, 0);
    nft_table_delete(&b, NFPROTO_INET, "nonesuch");
    assert_int_equal(nft_commit(&n, &b, &result), -ENOENT);
    assert_int_equal(result.message, 3);
    assert_int_equal(nft_chain_list(&n, &chains, &count, &err), 0);
    assert_int_equal(count, 0);
    free(chains);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_read_as_it_was_built),
        cmocka_unit_test(a_rule_is_known_by_its_comment),
        cmocka_unit_test(only_a_rule_without_condition_refuses_all),
        cmocka_unit_test(a_name_too_long_is_passed_over),
        cmocka_unit_test(the_firewall_is_put_up_replaced_and_taken_down),
        cmocka_unit_test(a_transaction_that_fails_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
