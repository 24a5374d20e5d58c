/*
 * A container's network against the kernel, without root: the test has a user namespace and, as the host, a
 * network namespace of its own; a process with another one is the container.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/links/network.h"
#include "net/link/link.h"
#include "net/link/neighbour.h"
#include "net/link/route.h"
#include "tests/unit/skip.h"

static const struct container container = {.name = "test", .lxcpath = "/nowhere"};
static bool allowed; /* user namespaces are not everywhere */

struct fixture {
    struct config config;
    struct config_net nets[3];
    struct network_state state;
    struct error err;
    struct netlink host, inside;
    pid_t pid;
};

#define NEEDS_NAMESPACES()                                                                                   \
    if (!allowed)                                                                                            \
    SKIP("network namespaces or links may not be made here")

static int exchange(struct netlink *n, struct netlink_batch *b)
{
    return netlink_exchange(n, b, NULL, NULL);
}

/* An emulator of another byte order does not turn what is nested in a message. */
static bool can_make_links(void)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct netlink_batch b;

    netlink_batch_init(&b);
    link_create(&b, &(struct link_request){.name = "try", .kind = "bridge"});
    link_delete(&b, 0, "try");
    return netlink_open(&n, NETLINK_ROUTE, -1, NULL) == 0 && exchange(&n, &b) != -EOPNOTSUPP;
}

static int become_host(void **state)
{
    char line[40];
    uid_t uid = getuid();

    (void)state;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
        /* Refused to a program of several threads, as an emulator is; root needs none. */
        allowed = uid == 0 && unshare(CLONE_NEWNET) == 0 && can_make_links();
        return 0;
    }
    snprintf(line, sizeof(line), "0 %u 1", uid);
    allowed = file_write_value(AT_FDCWD, "/proc/self/uid_map", line) == 0 && can_make_links();
    return 0;
}

static void make_bridge(struct netlink *host, const char *name)
{
    struct link_request r = {.name = name, .kind = "bridge", .mtu = 1400, .flags = IFF_UP, .change = IFF_UP};
    struct netlink_batch b;

    netlink_batch_init(&b);
    link_create(&b, &r);
    assert_int_equal(exchange(host, &b), 0);
}

static void delete_link(struct netlink *n, const char *name)
{
    struct netlink_batch b;

    netlink_batch_init(&b);
    link_delete(&b, 0, name);
    exchange(n, &b);
}

/* A process in a network namespace of its own, waiting to be killed. */
static pid_t start_container(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void stop_container(struct fixture *f)
{
    if (f->pid) {
        kill(f->pid, SIGKILL);
        waitpid(f->pid, NULL, 0);
    }
    f->pid = 0;
    netlink_close(&f->inside);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    f->host = f->inside = (struct netlink)NETLINK_CLOSED;
    f->state = (struct network_state)NETWORK_STATE_INIT;
    f->config.nets = f->nets;
    f->config.net_count = 1;
    f->nets[0].name = NULL;
    for (unsigned i = 0; i < 3; i++)
        f->nets[i].index = i;
    if (!allowed)
        return 0;
    assert_int_equal(netlink_open(&f->host, NETLINK_ROUTE, -1, &f->err), 0);
    make_bridge(&f->host, "br0");
    f->pid = start_container();
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    stop_container(f);
    network_detach(&container, &f->config, &f->state, NULL);
    delete_link(&f->host, "br0");
    netlink_close(&f->host);
    free(f);
    return 0;
}

static int attach(struct fixture *f)
{
    int r = network_attach(&container, &f->config, f->pid, &f->state, &f->err);

    if (r == 0)
        assert_int_equal(netlink_open(&f->inside, NETLINK_ROUTE, f->state.netns, &f->err), 0);
    return r;
}

static int detach(struct fixture *f)
{
    stop_container(f);
    return network_detach(&container, &f->config, &f->state, &f->err);
}

static struct net_address address_of(const char *text, uint8_t prefix, const char *broadcast)
{
    struct net_address a = {.family = strchr(text, ':') ? AF_INET6 : AF_INET, .prefix = prefix};

    assert_int_equal(inet_pton(a.family, text, a.address), 1);
    if (broadcast)
        inet_pton(AF_INET, broadcast, a.broadcast);
    return a;
}

/* Whether `n`'s namespace has a route to "default" or a prefix, through a gateway ("" for none). */
static bool has_route(struct netlink *n, int family, const char *to, const char *gateway)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct route r;
    char text[PREFIX_TEXT_SIZE], via[IP_TEXT_SIZE];

    assert_int_equal(route_dump(n, family, RT_TABLE_MAIN, false, &replies, NULL), 0);
    for (rest = netlink_view_of(&replies); netlink_next_message(&rest, &m);) {
        if (!route_parse(&m, &r))
            continue;
        prefix_format(&r.destination, text);
        if (strcmp(r.destination.length ? text : "default", to) == 0 &&
            strcmp(ip_format(&r.gateway, via), gateway) == 0)
            return true;
    }
    return false;
}

static bool has_proxy(struct netlink *n, int family, const char *ip)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct neighbour found;
    char text[IP_TEXT_SIZE];

    assert_int_equal(neighbour_dump(n, family, 0, true, &replies, NULL), 0);
    for (rest = netlink_view_of(&replies); netlink_next_message(&rest, &m);)
        if (neighbour_parse(&m, &found) && strcmp(ip_format(&found.ip, text), ip) == 0)
            return true;
    return false;
}

static void use_veth(struct fixture *f)
{
    f->nets[0].type = NET_VETH;
    f->nets[0].link = (char *)"br0";
    f->nets[0].up = true;
}

static void a_veth_is_attached_named_addressed_and_routed(void **state)
{
    struct fixture *f = *state;
    struct net_address addresses[] = {address_of("10.1.2.3", 24, "10.1.2.255"),
                                      address_of("fd00::3", 64, NULL)};
    struct link bridge, outside, inside, lo;

    NEEDS_NAMESPACES();
    use_veth(f);
    f->nets[0].addresses = addresses;
    f->nets[0].address_count = 2;
    f->nets[0].hwaddr = (char *)"00:16:3e:01:02:03";
    f->nets[0].ipv4_gateway = f->nets[0].ipv6_gateway = GATEWAY_ADDRESS;
    inet_pton(AF_INET, "10.1.2.1", f->nets[0].ipv4_gateway_address);
    inet_pton(AF_INET6, "fd00:1::1", f->nets[0].ipv6_gateway_address); /* not in the link's network */
    assert_int_equal(attach(f), 0);

    assert_string_equal(f->nets[0].name, "eth0");
    assert_int_equal(link_find(&f->host, 0, "br0", &bridge, NULL), 0);
    assert_int_equal(link_find(&f->host, 0, f->nets[0].veth_pair, &outside, NULL), 0);
    assert_int_equal(outside.master, bridge.index);
    assert_int_equal(outside.mtu, 1400);
    assert_int_equal(outside.address[0], 0xfe);
    assert_true(outside.flags & IFF_UP);
    assert_int_equal(link_find(&f->inside, 0, "eth0", &inside, NULL), 0);
    assert_memory_equal(inside.address, "\x00\x16\x3e\x01\x02\x03", 6);
    assert_int_equal(inside.mtu, 1400);
    assert_true(inside.flags & IFF_UP);
    assert_int_equal(link_find(&f->inside, 0, "lo", &lo, NULL), 0);
    assert_true(lo.flags & IFF_UP);
    assert_true(has_route(&f->inside, AF_INET, "10.1.2.0/24", ""));
    assert_true(has_route(&f->inside, AF_INET, "default", "10.1.2.1"));
    assert_true(has_route(&f->inside, AF_INET6, "fd00:1::1", ""));
    assert_true(has_route(&f->inside, AF_INET6, "default", "fd00:1::1"));

    assert_int_equal(detach(f), 0);
    assert_int_equal(link_find(&f->host, outside.index, NULL, &outside, NULL), -ENODEV);
    assert_null(f->nets[0].name);
    assert_null(f->nets[0].veth_pair);
}

static void the_host_end_is_gone_also_while_the_namespace_lives_on(void **state)
{
    struct fixture *f = *state;
    struct link found;
    int index;

    NEEDS_NAMESPACES();
    use_veth(f);
    assert_int_equal(attach(f), 0);
    index = f->state.links[0].host_index;
    assert_int_equal(network_detach(&container, &f->config, &f->state, &f->err), 0); /* the process lives */
    assert_int_equal(link_find(&f->host, index, NULL, &found, NULL), -ENODEV);
}

static void names_not_given_are_the_free_ones(void **state)
{
    struct fixture *f = *state;

    NEEDS_NAMESPACES();
    f->config.net_count = 3;
    for (unsigned i = 0; i < 3; i++)
        f->nets[i].type = NET_VETH;
    f->nets[1].name = (char *)"eth0";
    assert_int_equal(attach(f), 0);
    assert_string_equal(f->nets[0].name, "eth1");
    assert_string_equal(f->nets[2].name, "eth2");
}

static void two_interfaces_of_one_name_are_refused(void **state)
{
    struct fixture *f = *state;

    NEEDS_NAMESPACES();
    f->config.net_count = 2;
    f->nets[0].type = f->nets[1].type = NET_VETH;
    f->nets[0].name = f->nets[1].name = (char *)"wan";
    assert_int_equal(attach(f), -EEXIST);
    assert_string_equal(f->err.text, "lxc.net.1.name: two interfaces of the container have the name wan");
}

static void a_missing_bridge_is_told_and_nothing_is_left(void **state)
{
    struct fixture *f = *state;
    struct link *links = NULL;
    size_t before, after;

    NEEDS_NAMESPACES();
    assert_int_equal(link_list(&f->host, &links, &before, NULL), 0);
    free(take_ptr(links));
    f->config.net_count = 2;
    use_veth(f);
    f->nets[1].type = NET_VETH;
    f->nets[1].link = (char *)"lxcbr0";
    assert_int_equal(attach(f), -ENODEV);
    assert_string_equal(f->err.text, "lxc.net.1.link: there is no network interface lxcbr0 on the host");
    assert_string_equal(f->err.remedy, "create it with \"lxc-net start\"");
    assert_int_equal(link_list(&f->host, &links, &after, NULL), 0);
    free(links);
    assert_int_equal(before, after);
}

static void a_taken_host_name_is_told_and_its_owner_left_alone(void **state)
{
    struct fixture *f = *state;
    struct link before, br0;

    NEEDS_NAMESPACES();
    assert_int_equal(link_find(&f->host, 0, "br0", &before, NULL), 0);
    f->config.net_count = 2;
    use_veth(f);
    f->nets[1].type = NET_VETH;
    f->nets[1].veth_pair = (char *)"br0";
    assert_int_equal(attach(f), -EEXIST);
    assert_non_null(strstr(f->err.text,
                           "lxc.net.1: cannot create the veth pair br0 (host) and eth1 (container): "
                           "File exists"));
    assert_non_null(strstr(f->err.remedy, "change lxc.net.1.veth.pair"));
    assert_int_equal(link_find(&f->host, 0, "br0", &br0, NULL), 0);
    assert_int_equal(br0.index, before.index);
}

static void a_link_that_is_no_bridge_is_refused(void **state)
{
    struct fixture *f = *state;

    NEEDS_NAMESPACES();
    use_veth(f);
    f->nets[0].link = (char *)"lo";
    assert_int_equal(attach(f), -EINVAL);
    assert_string_equal(f->err.text, "lxc.net.0.link: lo is not a bridge");
}

static void router_mode_routes_and_answers_for_the_gateway(void **state)
{
    struct fixture *f = *state;
    struct net_address address = address_of("10.9.0.5", 32, NULL), route = address_of("10.77.0.0", 16, NULL);
    int r;

    NEEDS_NAMESPACES();
    f->nets[0].type = NET_VETH;
    f->nets[0].veth_router = f->nets[0].up = true;
    f->nets[0].addresses = &address;
    f->nets[0].veth_routes = &route;
    f->nets[0].address_count = f->nets[0].veth_route_count = 1;
    f->nets[0].ipv4_gateway = GATEWAY_ADDRESS;
    inet_pton(AF_INET, "169.254.1.1", f->nets[0].ipv4_gateway_address);
    r = attach(f);
    if (r == -EOPNOTSUPP)
        SKIP("a neighbour cannot be answered for here");
    assert_int_equal(r, 0);
    assert_true(has_route(&f->host, AF_INET, "10.9.0.5", ""));
    assert_true(has_route(&f->host, AF_INET, "10.77.0.0/16", ""));
    assert_true(has_proxy(&f->host, AF_INET, "169.254.1.1"));
    assert_true(has_route(&f->inside, AF_INET, "default", "169.254.1.1"));
}

static void the_gateway_may_be_the_bridges_own_address(void **state)
{
    struct fixture *f = *state;
    struct net_address address = address_of("10.1.2.3", 24, "10.1.2.255");
    struct address own = {.length = 24};
    struct netlink_batch b;
    struct link bridge;

    NEEDS_NAMESPACES();
    use_veth(f);
    f->nets[0].addresses = &address;
    f->nets[0].address_count = 1;
    f->nets[0].ipv4_gateway = GATEWAY_AUTO;
    assert_int_equal(attach(f), -EADDRNOTAVAIL);
    assert_non_null(strstr(f->err.text, "gateway is auto, but br0 has no IPv4 address"));
    assert_int_equal(link_find(&f->host, 0, "br0", &bridge, NULL), 0);
    own.index = bridge.index;
    ip_parse("10.1.2.1", AF_INET, &own.local);
    netlink_batch_init(&b);
    address_add(&b, &own, false);
    assert_int_equal(exchange(&f->host, &b), 0);
    error_clear(&f->err);
    assert_int_equal(attach(f), 0);
    assert_true(has_route(&f->inside, AF_INET, "default", "10.1.2.1"));
}

static void a_gateway_without_an_address_or_a_link_up_is_refused(void **state)
{
    struct fixture *f = *state;

    NEEDS_NAMESPACES();
    use_veth(f);
    f->nets[0].ipv4_gateway = GATEWAY_ADDRESS;
    inet_pton(AF_INET, "10.1.2.1", f->nets[0].ipv4_gateway_address);
    assert_int_equal(attach(f), -EINVAL);
    assert_string_equal(f->err.remedy, "set lxc.net.0.ipv4.address");
    f->nets[0].up = false;
    error_clear(&f->err);
    assert_int_equal(attach(f), -EINVAL);
    assert_string_equal(f->err.remedy, "set lxc.net.0.flags = up");
}

static void a_macvlan_is_made_in_the_container_and_removed(void **state)
{
    struct fixture *f = *state;
    struct link found;

    NEEDS_NAMESPACES();
    use_veth(f);
    f->nets[0].type = NET_MACVLAN;
    f->nets[0].macvlan_mode = MACVLAN_MODE_PASSTHRU;
    for (int i = 0; i < 2; i++) { /* passthru: only when the first is gone can there be a second */
        assert_int_equal(attach(f), 0);
        assert_int_equal(link_find(&f->inside, 0, "eth0", &found, NULL), 0);
        assert_string_equal(found.kind, "macvlan");
        assert_int_equal(found.macvlan_mode, MACVLAN_MODE_PASSTHRU);
        assert_int_equal(network_detach(&container, &f->config, &f->state, &f->err), 0);
        netlink_close(&f->inside);
    }
}

static void an_interface_of_the_host_is_moved_in_and_given_back(void **state)
{
    struct fixture *f = *state;
    struct link_request end = {.name = "there"}, pair = {.name = "wan0", .kind = "veth", .peer = &end};
    struct netlink_batch b;
    struct link before, found;

    NEEDS_NAMESPACES();
    netlink_batch_init(&b);
    link_create(&b, &pair);
    assert_int_equal(exchange(&f->host, &b), 0);
    assert_int_equal(link_find(&f->host, 0, "wan0", &before, NULL), 0);
    use_veth(f);
    f->nets[0].type = NET_PHYS;
    f->nets[0].link = (char *)"wan0";
    f->nets[0].name = (char *)"eth7";
    f->nets[0].mtu = 1300;
    f->nets[0].hwaddr = (char *)"00:16:3e:0a:0b:0c";
    assert_int_equal(attach(f), 0);
    assert_int_equal(link_find(&f->host, 0, "wan0", &found, NULL), -ENODEV);
    assert_int_equal(link_find(&f->inside, 0, "eth7", &found, NULL), 0);
    assert_int_equal(found.mtu, 1300);
    assert_memory_equal(found.address, "\x00\x16\x3e\x0a\x0b\x0c", 6);
    assert_int_equal(detach(f), 0);
    assert_int_equal(link_find(&f->host, 0, "wan0", &found, NULL), 0);
    assert_int_equal(found.mtu, before.mtu);
    assert_memory_equal(found.address, before.address, 6);
    delete_link(&f->host, "wan0");
}

static void type_empty_has_its_loopback_up(void **state)
{
    struct fixture *f = *state;
    struct link *links = NULL;
    size_t count;

    NEEDS_NAMESPACES();
    f->nets[0].type = NET_EMPTY;
    assert_int_equal(attach(f), 0);
    assert_int_equal(link_list(&f->inside, &links, &count, NULL), 0);
    assert_true(links[0].flags & IFF_UP);
    for (size_t i = 0; i < count; i++)
        assert_string_not_equal(links[i].name, "eth0");
    free(links);
}

static void a_script_that_fails_undoes_the_network(void **state)
{
    struct fixture *f = *state;
    struct link found;

    NEEDS_NAMESPACES();
    use_veth(f);
    f->nets[0].veth_pair = (char *)"pair0";
    f->nets[0].script_up = (char *)"false";
    assert_int_equal(attach(f), -ECANCELED);
    assert_string_equal(f->err.text, "lxc.net.0.script.up: false exited with status 1");
    assert_int_equal(link_find(&f->host, 0, "pair0", &found, NULL), -ENODEV);
}

static void scripts_learn_what_stock_lxc_tells_them(void **state)
{
    struct fixture *f = *state;
    char directory[] = "/tmp/lxcbox-unit-XXXXXX", script[200], out[100];
    cleanup_free char *text = NULL;

    NEEDS_NAMESPACES();
    assert_non_null(mkdtemp(directory));
    snprintf(script, sizeof(script), "%s/script", directory);
    snprintf(out, sizeof(out), "%s/out", directory);
    snprintf(script, sizeof(script), "sh -c 'echo $0 $* $LXC_NET_PEER $LXC_NET_TYPE >> %s'", out);
    use_veth(f);
    f->nets[0].veth_pair = (char *)"pair0";
    f->nets[0].script_up = f->nets[0].script_down = script;
    assert_int_equal(attach(f), 0);
    assert_int_equal(detach(f), 0);
    f->pid = start_container();
    f->config.hook_version = 1;
    assert_int_equal(attach(f), 0);
    assert_int_equal(file_read(AT_FDCWD, out, 1000, &text, NULL), 0);
    assert_string_equal(
        text, "test net up veth br0 pair0\ntest net down veth br0 pair0\nveth br0 pair0 pair0 veth\n");
    assert_int_equal(detach(f), 0);
    assert_int_equal(remove_tree(AT_FDCWD, directory), 0);
}

static void a_vlan_needs_a_bridge_that_filters(void **state)
{
    struct fixture *f = *state;

    NEEDS_NAMESPACES();
    use_veth(f);
    f->nets[0].has_veth_vlan_id = true;
    f->nets[0].veth_vlan_id = 7;
    assert_int_equal(attach(f), -EINVAL);
    assert_string_equal(f->err.text, "lxc.net.0.veth.vlan: bridge br0 does not filter VLANs");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_veth_is_attached_named_addressed_and_routed),
        TEST(the_host_end_is_gone_also_while_the_namespace_lives_on),
        TEST(names_not_given_are_the_free_ones),
        TEST(two_interfaces_of_one_name_are_refused),
        TEST(a_missing_bridge_is_told_and_nothing_is_left),
        TEST(a_taken_host_name_is_told_and_its_owner_left_alone),
        TEST(a_link_that_is_no_bridge_is_refused),
        TEST(router_mode_routes_and_answers_for_the_gateway),
        TEST(the_gateway_may_be_the_bridges_own_address),
        TEST(a_gateway_without_an_address_or_a_link_up_is_refused),
        TEST(a_macvlan_is_made_in_the_container_and_removed),
        TEST(an_interface_of_the_host_is_moved_in_and_given_back),
        TEST(type_empty_has_its_loopback_up),
        TEST(a_script_that_fails_undoes_the_network),
        TEST(scripts_learn_what_stock_lxc_tells_them),
        TEST(a_vlan_needs_a_bridge_that_filters),
    };

    return cmocka_run_group_tests_name("network", tests, become_host, NULL);
}
