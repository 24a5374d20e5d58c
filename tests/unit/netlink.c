/* Netlink messages, built and read, without a kernel. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "net/link/address.h"
#include "net/link/link.h"
#include "net/link/neighbour.h"
#include "net/link/netlink.h"
#include "net/link/route.h"
#include "net/link/rule.h"
#include "tests/unit/skip.h"

/* The messages of a batch, as the kernel's answer would have them. */
static struct netlink_view view(const struct netlink_batch *b)
{
    return (struct netlink_view){b->bytes, b->length};
}

static struct netlink_message only_message(const struct netlink_batch *b)
{
    struct netlink_view rest = view(b);
    struct netlink_message m;

    assert_false(b->overflow);
    assert_int_equal(b->count, 1);
    assert_true(netlink_next_message(&rest, &m));
    assert_int_equal(rest.length, 0);
    return m;
}

static void a_batch_holds_messages_that_read_back(void **state)
{
    uint32_t header = 0x01020304, got;
    struct netlink_attribute a, inner;
    struct netlink_message m;
    struct netlink_batch b;
    struct netlink_view rest;
    char text[8];
    size_t nest;

    (void)state;
    netlink_batch_init(&b);
    netlink_begin(&b, 77, NLM_F_CREATE, &header, sizeof(header));
    netlink_put_u8(&b, 1, 7);
    nest = netlink_nest(&b, 2);
    netlink_put_string(&b, 3, "abcde");
    netlink_nest_end(&b, nest);
    netlink_begin(&b, 78, 0, &header, sizeof(header));
    netlink_put_u32(&b, 4, 0xdeadbeef);
    assert_int_equal(b.count, 2);

    rest = view(&b);
    assert_true(netlink_next_message(&rest, &m));
    assert_int_equal(m.type, 77);
    assert_int_equal(m.flags, NLM_F_CREATE | NLM_F_REQUEST | NLM_F_ACK);
    assert_true(netlink_take_header(&m.payload, &got, sizeof(got)));
    assert_int_equal(got, header);
    assert_true(netlink_next_attribute(&m.payload, &a));
    assert_int_equal(netlink_u8(&a), 7);
    assert_true(netlink_next_attribute(&m.payload, &a));
    assert_int_equal(a.type, 2);
    assert_true(netlink_next_attribute(&a.payload, &inner));
    netlink_string(&inner, text, sizeof(text));
    assert_string_equal(text, "abcde");
    assert_false(netlink_next_attribute(&m.payload, &a));
    assert_true(netlink_next_message(&rest, &m));
    assert_int_equal(m.type, 78);
    assert_false(netlink_next_message(&rest, &m));
}

static void what_does_not_fit_marks_the_batch(void **state)
{
    static const uint8_t big[9000];
    struct netlink_batch b;

    (void)state;
    netlink_batch_init(&b);
    netlink_begin(&b, 1, 0, NULL, 0);
    netlink_put(&b, 1, big, sizeof(big));
    assert_true(b.overflow);
    netlink_put_u8(&b, 1, 1);
    assert_true(b.overflow);
    netlink_batch_init(&b);
    assert_false(b.overflow);
}

static void lengths_that_lie_end_the_reading(void **state)
{
    struct nlmsghdr h = {.nlmsg_len = 4000, .nlmsg_type = RTM_NEWLINK};
    struct nlattr longer = {.nla_len = 12, .nla_type = 1}, shorter = {.nla_len = 2, .nla_type = 1};
    struct netlink_view rest = {(uint8_t *)&h, sizeof(h)};
    struct netlink_attribute a;
    struct netlink_message m;

    (void)state;
    assert_false(netlink_next_message(&rest, &m));
    h.nlmsg_len = 3;
    assert_false(netlink_next_message(&rest, &m));
    rest = (struct netlink_view){(uint8_t *)&longer, sizeof(longer)};
    assert_false(netlink_next_attribute(&rest, &a));
    rest = (struct netlink_view){(uint8_t *)&shorter, sizeof(shorter)};
    assert_false(netlink_next_attribute(&rest, &a));
    rest.length = 3;
    assert_false(netlink_next_attribute(&rest, &a));
}

static void short_values_read_as_zero_or_what_is_there(void **state)
{
    static const uint8_t bytes[] = {'a', 'b', 'c'};
    struct netlink_attribute a = {1, {bytes, 3}};
    char text[3];
    uint8_t out[5];

    (void)state;
    assert_int_equal(netlink_u32(&a), 0);
    netlink_string(&a, text, sizeof(text)); /* not terminated, longer than its buffer */
    assert_string_equal(text, "ab");
    assert_int_equal(netlink_bytes(&a, out, sizeof(out)), 3);
    assert_int_equal(out[4], 0);
    a.payload = (struct netlink_view){NULL, 0};
    assert_int_equal(netlink_u8(&a), 0);
}

static void the_kernels_reason_is_told(void **state)
{
    struct netlink_result result = {.code = -EINVAL, .reason = "Unknown device type"};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(netlink_error(&result, &err, "cannot add %s", "x"), -EINVAL);
    assert_string_equal(err.text, "cannot add x: Invalid argument: Unknown device type");
    result.reason[0] = '\0';
    netlink_error(&result, &err, "cannot add %s", "x");
    assert_string_equal(err.text, "cannot add x: Invalid argument");
}

/* --- Links --- */

static void a_link_reads_back(void **state)
{
    static const uint8_t address[] = {2, 0, 0, 0, 0, 9};
    struct link_request r = {.index = 7,
                             .name = "eth0",
                             .kind = "macvlan",
                             .mtu = 1400,
                             .macvlan_mode = 4,
                             .address = address,
                             .address_size = 6,
                             .flags = IFF_UP,
                             .change = IFF_UP,
                             .alias = "a name"};
    struct netlink_message m;
    struct netlink_batch b;
    struct link l;

    (void)state;
    netlink_batch_init(&b);
    link_create(&b, &r);
    m = only_message(&b);
    assert_int_equal(m.flags & (NLM_F_CREATE | NLM_F_EXCL), NLM_F_CREATE | NLM_F_EXCL);
    assert_true(link_parse(&m, &l));
    assert_int_equal(l.index, 7);
    assert_string_equal(l.name, "eth0");
    assert_string_equal(l.kind, "macvlan");
    assert_string_equal(l.alias, "a name");
    assert_int_equal(l.mtu, 1400);
    assert_int_equal(l.macvlan_mode, 4);
    assert_int_equal(l.address_size, 6);
    assert_memory_equal(l.address, address, 6);
    assert_int_equal(l.flags, IFF_UP);
    assert_int_equal(l.parent_netns, -1);
}

static void a_port_is_changed_as_its_masters_kind(void **state)
{
    struct link_option option = {34, 4, 7};
    struct link_request r = {.index = 3, .kind = "bridge_slave", .options = &option, .option_count = 1};
    struct netlink_message m;
    struct netlink_batch b;
    struct link l;

    (void)state;
    netlink_batch_init(&b);
    link_change(&b, &r);
    m = only_message(&b);
    assert_true(link_parse(&m, &l));
    assert_string_equal(l.kind, "");
    assert_string_equal(l.port_kind, "bridge");
}

static void names_of_links_are_the_kernels(void **state)
{
    (void)state;
    assert_true(link_name_valid("eth0"));
    assert_true(link_name_valid("123456789012345"));
    assert_false(link_name_valid("1234567890123456"));
    assert_false(link_name_valid(""));
    assert_false(link_name_valid(".."));
    assert_false(link_name_valid("a/b"));
    assert_false(link_name_valid("a b"));
    assert_false(link_name_valid("a:b"));
}

static void hardware_addresses_are_read(void **state)
{
    uint8_t out[LINK_ADDRESS_MAX];

    (void)state;
    assert_int_equal(link_address_parse("00:16:3e:01:02:fF", out), 6);
    assert_memory_equal(out, "\x00\x16\x3e\x01\x02\xff", 6);
    assert_int_equal(link_address_parse("00:16:3e:01:02:", out), -EINVAL);
    assert_int_equal(link_address_parse("0g:16", out), -EINVAL);
    assert_int_equal(link_address_parse("", out), -EINVAL);
}

/* --- Addresses --- */

static void prefixes_are_read_and_written(void **state)
{
    static const struct {
        const char *text, *again;
    } good[] = {{"10.0.0.1/24", "10.0.0.1/24"}, {"10.0.0.1", "10.0.0.1"}, {"10.0.0.1/32", "10.0.0.1"},
                {"fd00::1/64", "fd00::1/64"},   {"FD00:0::1", "fd00::1"}, {"::/0", "::/0"}};
    static const char *const bad[] = {"10.0.0.1/33", "10.0.0.1/", "10.0.0/24", "fd00::1/129",
                                      "x",           "",          "1.2.3.4/-1"};
    struct ip_prefix p;
    char text[PREFIX_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(prefix_parse(good[i].text, AF_UNSPEC, &p), 0);
        assert_string_equal(prefix_format(&p, text), good[i].again);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(prefix_parse(bad[i], AF_UNSPEC, &p), -EINVAL);
    assert_int_equal(prefix_parse("fd00::1/64", AF_INET, &p), -EINVAL);
}

static void a_broadcast_address_is_the_last_of_its_network(void **state)
{
    struct ip_prefix p;
    struct ip last;
    char text[IP_TEXT_SIZE];

    (void)state;
    prefix_parse("192.168.5.1/24", AF_INET, &p);
    ip_broadcast(&p, &last);
    assert_string_equal(ip_format(&last, text), "192.168.5.255");
    prefix_parse("10.1.2.3/13", AF_INET, &p);
    ip_broadcast(&p, &last);
    assert_string_equal(ip_format(&last, text), "10.7.255.255");
    prefix_parse("10.1.2.3/32", AF_INET, &p);
    ip_broadcast(&p, &last);
    assert_string_equal(ip_format(&last, text), "10.1.2.3");
}

static void an_address_of_a_link_reads_back(void **state)
{
    struct address in = {.index = 3,
                         .length = 24,
                         .metric = 9,
                         .scope = RT_SCOPE_LINK,
                         .label = "eth0:1",
                         .has_lifetime = true,
                         .valid_seconds = 100,
                         .preferred_seconds = 50,
                         .flags = 0x200};
    struct netlink_message m;
    struct netlink_batch b;
    struct address out;

    (void)state;
    ip_parse("10.0.0.1", AF_INET, &in.local);
    ip_parse("10.0.0.2", AF_INET, &in.peer);
    ip_parse("10.0.0.255", AF_INET, &in.broadcast);
    netlink_batch_init(&b);
    address_add(&b, &in, true);
    m = only_message(&b);
    assert_true(m.flags & NLM_F_REPLACE);
    assert_true(address_parse(&m, &out));
    assert_int_equal(out.index, 3);
    assert_true(ip_equal(&out.local, &in.local));
    assert_true(ip_equal(&out.peer, &in.peer));
    assert_true(ip_equal(&out.broadcast, &in.broadcast));
    assert_int_equal(out.length, 24);
    assert_int_equal(out.metric, 9);
    assert_int_equal(out.flags, 0x200);
    assert_string_equal(out.label, "eth0:1");
    assert_int_equal(out.preferred_seconds, 50);
    in.peer = (struct ip){0};
    netlink_batch_init(&b);
    address_add(&b, &in, false);
    m = only_message(&b);
    assert_true(address_parse(&m, &out));
    assert_int_equal(out.peer.family, 0);
}

/* --- Routes, neighbours, rules --- */

static void a_route_reads_back(void **state)
{
    struct route in = {
        .device = 5, .metric = 10, .table = 1000, .protocol = RTPROT_STATIC, .flags = RTNH_F_ONLINK};
    struct netlink_message m;
    struct netlink_batch b;
    struct route out;

    (void)state;
    prefix_parse("10.1.0.0/16", AF_INET, &in.destination);
    ip_parse("10.0.0.1", AF_INET, &in.gateway);
    in.metrics[RTAX_MTU] = 1400;
    netlink_batch_init(&b);
    route_add(&b, &in, NLM_F_CREATE);
    m = only_message(&b);
    assert_true(route_parse(&m, &out));
    assert_int_equal(out.destination.length, 16);
    assert_true(ip_equal(&out.gateway, &in.gateway));
    assert_int_equal(out.device, 5);
    assert_int_equal(out.table, 1000);
    assert_int_equal(out.metric, 10);
    assert_int_equal(out.type, RTN_UNICAST);
    assert_int_equal(out.metrics[RTAX_MTU], 1400);
    assert_int_equal(out.flags, RTNH_F_ONLINK);
}

static void an_ipv6_gateway_of_an_ipv4_route_reads_back(void **state)
{
    struct route in = {.device = 5, .family = AF_INET};
    struct netlink_message m;
    struct netlink_batch b;
    struct route out;

    (void)state;
    prefix_parse("10.1.0.0/16", AF_INET, &in.destination);
    ip_parse("fe80::1", AF_INET6, &in.gateway);
    netlink_batch_init(&b);
    route_add(&b, &in, NLM_F_CREATE);
    m = only_message(&b);
    assert_true(route_parse(&m, &out));
    assert_int_equal(out.family, AF_INET);
    assert_true(ip_equal(&out.gateway, &in.gateway));
}

static void a_default_route_has_no_destination(void **state)
{
    struct route in = {.device = 5};
    struct netlink_message m;
    struct netlink_batch b;
    struct route out;

    (void)state;
    ip_parse("10.0.0.1", AF_INET, &in.gateway);
    netlink_batch_init(&b);
    route_add(&b, &in, NLM_F_CREATE | NLM_F_EXCL);
    m = only_message(&b);
    assert_true(route_parse(&m, &out));
    assert_int_equal(out.destination.length, 0);
    assert_int_equal(out.table, RT_TABLE_MAIN);
    assert_int_equal(out.protocol, RTPROT_BOOT);
}

static void hops_end_at_a_length_that_lies(void **state)
{
    struct rtnexthop hops[2] = {{.rtnh_len = sizeof(hops[0]), .rtnh_hops = 1, .rtnh_ifindex = 4},
                                {.rtnh_len = 100}};
    struct route r = {.family = AF_INET, .multipath = {(uint8_t *)hops, sizeof(hops)}};
    struct netlink_view rest = r.multipath;
    struct route_hop hop;

    (void)state;
    assert_true(route_next_hop(&r, &rest, &hop));
    assert_int_equal(hop.device, 4);
    assert_int_equal(hop.weight, 2);
    assert_false(route_next_hop(&r, &rest, &hop));
}

static void a_neighbour_reads_back(void **state)
{
    struct neighbour in = {.index = 3, .state = NUD_PERMANENT, .flags = NTF_ROUTER, .address_size = 6};
    struct netlink_message m;
    struct netlink_batch b;
    struct neighbour out;

    (void)state;
    ip_parse("fd00::9", AF_INET6, &in.ip);
    memcpy(in.address, "\2\0\0\0\0\1", 6);
    netlink_batch_init(&b);
    neighbour_add(&b, &in, NLM_F_CREATE);
    m = only_message(&b);
    assert_true(neighbour_parse(&m, &out));
    assert_true(ip_equal(&out.ip, &in.ip));
    assert_memory_equal(out.address, in.address, 6);
    assert_int_equal(out.state, NUD_PERMANENT);
    assert_int_equal(out.flags, NTF_ROUTER);
}

static void a_rule_reads_back(void **state)
{
    struct rule in = {.family = AF_INET,
                      .action = FR_ACT_TO_TBL,
                      .table = 1000,
                      .has_priority = true,
                      .priority = 50,
                      .has_mark = true,
                      .mark = 3,
                      .input = "eth0",
                      .has_uids = true,
                      .uids = {1, 2}};
    struct netlink_message m;
    struct netlink_batch b;
    struct rule out;

    (void)state;
    prefix_parse("10.0.0.0/8", AF_INET, &in.from);
    netlink_batch_init(&b);
    rule_add(&b, &in);
    m = only_message(&b);
    assert_true(rule_parse(&m, &out));
    assert_true(ip_equal(&out.from.ip, &in.from.ip));
    assert_int_equal(out.from.length, 8);
    assert_int_equal(out.table, 1000);
    assert_int_equal(out.priority, 50);
    assert_int_equal(out.mark, 3);
    assert_string_equal(out.input, "eth0");
    assert_int_equal(out.uids.end, 2);
}

static void a_message_of_another_kind_is_none(void **state)
{
    struct netlink_message m = {.type = RTM_NEWQDISC, .payload = {(const uint8_t *)"", 0}};
    struct neighbour neighbour;
    struct address address;
    struct route route;
    struct rule rule;
    struct link link;

    (void)state;
    assert_false(link_parse(&m, &link) || address_parse(&m, &address) || route_parse(&m, &route) ||
                 neighbour_parse(&m, &neighbour) || rule_parse(&m, &rule));
    m.type = RTM_NEWLINK; /* but without its header */
    assert_false(link_parse(&m, &link));
    m.type = RTM_NEWROUTE;
    assert_false(route_parse(&m, &route));
}

/* What the kernel tells of a port as such: a link of the family AF_BRIDGE, with an event. */
static void an_event_reads_as_what_it_tells_of(void **state)
{
    struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = 7};
    struct ndmsg learned = {.ndm_family = AF_BRIDGE, .ndm_ifindex = 7, .ndm_state = NUD_REACHABLE};
    struct netlink_message m;
    struct netlink_batch b;
    struct neighbour neighbour;
    struct link l;

    (void)state;
    netlink_batch_init(&b);
    netlink_begin(&b, RTM_DELLINK, 0, &header, sizeof(header));
    netlink_put_string(&b, IFLA_IFNAME, "eth0");
    netlink_put_u32(&b, IFLA_EVENT, IFLA_EVENT_FEATURES);
    m = only_message(&b);
    assert_true(link_parse(&m, &l));
    assert_int_equal(l.family, AF_BRIDGE);
    assert_int_equal(l.event, IFLA_EVENT_FEATURES);
    assert_string_equal(l.name, "eth0");

    netlink_batch_init(&b);
    netlink_begin(&b, RTM_NEWNEIGH, 0, &learned, sizeof(learned));
    netlink_put(&b, NDA_LLADDR, "\2\0\0\0\0\1", 6);
    m = only_message(&b);
    assert_true(neighbour_parse(&m, &neighbour));
    assert_int_equal(neighbour.ip.family, 0);
    assert_int_equal(neighbour.address_size, 6);
}

/* The pair of sockets stands for a netlink socket: what it brings has no sender that is the kernel. */
static void events_of_any_other_sender_are_passed_over(void **state)
{
    cleanup_strbuf struct strbuf events = STRBUF_INIT;
    struct netlink n = NETLINK_CLOSED;
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    n.fd = ends[0];
    assert_int_equal(netlink_events(&n, false, &events), 0);
    assert_int_equal(send(ends[1], "forged", 6, 0), 6);
    assert_int_equal(netlink_events(&n, false, &events), 0);
    assert_int_equal(events.length, 0);
    netlink_close(&n);
    close(ends[1]);
}

/* And delete it again. */
static int make_bridge(struct netlink *n, const char *name)
{
    struct netlink_batch b;

    netlink_batch_init(&b);
    link_create(&b, &(struct link_request){.name = name, .kind = "bridge"});
    link_delete(&b, 0, name);
    return netlink_exchange(n, &b, NULL, NULL);
}

static void events_are_told_and_their_loss_too(void **state)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED, listener = NETLINK_CLOSED;
    cleanup_strbuf struct strbuf events = STRBUF_INIT;
    unsigned made = 0, deleted = 0;
    struct error err = ERROR_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct link l;
    int small = 1, r;

    (void)state;
    if (unshare(CLONE_NEWNET) < 0)
        SKIP("network namespaces may not be made here");
    assert_int_equal(netlink_open(&n, NETLINK_ROUTE, -1, &err), 0);
    assert_int_equal(netlink_open(&listener, NETLINK_ROUTE, -1, &err), 0);
    assert_true(netlink_subscribe(&listener, 9999, &err) < 0);
    assert_non_null(strstr(err.text, "netlink group 9999"));
    assert_int_equal(netlink_subscribe(&listener, RTNLGRP_LINK, &err), 0);
    assert_int_equal(netlink_events(&listener, false, &events), 0);
    r = make_bridge(&n, "br0");
    if (r == -EOPNOTSUPP)
        SKIP("no bridge can be made here");
    assert_int_equal(r, 0);
    while ((r = netlink_events(&listener, false, &events)) > 0)
        for (rest = netlink_view_of(&events); netlink_next_message(&rest, &m);) {
            if (!link_parse(&m, &l) || strcmp(l.name, "br0") != 0)
                continue;
            made += m.type == RTM_NEWLINK;
            deleted += m.type == RTM_DELLINK;
        }
    assert_int_equal(r, 0);
    assert_true(made > 0);
    assert_int_equal(deleted, 1);

    /* The least that the kernel grants: socket(7). */
    assert_int_equal(setsockopt(listener.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(make_bridge(&n, "br1"), 0);
    while ((r = netlink_events(&listener, false, &events)) > 0)
        ;
    assert_int_equal(r, -ENOBUFS);
    while ((r = netlink_events(&listener, false, &events)) > 0)
        ;
    assert_int_equal(r, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_holds_messages_that_read_back),
        cmocka_unit_test(what_does_not_fit_marks_the_batch),
        cmocka_unit_test(lengths_that_lie_end_the_reading),
        cmocka_unit_test(short_values_read_as_zero_or_what_is_there),
        cmocka_unit_test(the_kernels_reason_is_told),
        cmocka_unit_test(a_link_reads_back),
        cmocka_unit_test(a_port_is_changed_as_its_masters_kind),
        cmocka_unit_test(names_of_links_are_the_kernels),
        cmocka_unit_test(hardware_addresses_are_read),
        cmocka_unit_test(prefixes_are_read_and_written),
        cmocka_unit_test(a_broadcast_address_is_the_last_of_its_network),
        cmocka_unit_test(an_address_of_a_link_reads_back),
        cmocka_unit_test(a_route_reads_back),
        cmocka_unit_test(an_ipv6_gateway_of_an_ipv4_route_reads_back),
        cmocka_unit_test(a_default_route_has_no_destination),
        cmocka_unit_test(hops_end_at_a_length_that_lies),
        cmocka_unit_test(a_neighbour_reads_back),
        cmocka_unit_test(a_rule_reads_back),
        cmocka_unit_test(a_message_of_another_kind_is_none),
        cmocka_unit_test(an_event_reads_as_what_it_tells_of),
        cmocka_unit_test(events_of_any_other_sender_are_passed_over),
        cmocka_unit_test(events_are_told_and_their_loss_too),
    };

    return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
