/* The DHCP client acts on a network namespace it is not in: a veth between two, our own server's function at
 * the other end. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "net/link/address.h"
#include "net/dhcp/dhcp_link.h"
#include "net/dhcp/dhcp_server.h"
#include "net/link/link.h"
#include "net/link/route.h"
#include "net/dhcp/udp_packet.h"
#include "tests/unit/skip.h"

#define SERVER 0x0a000301U

/* Move to a new network namespace, and open it. */
static int new_namespace(void)
{
    return unshare(CLONE_NEWNET) < 0 ? -errno : open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int make_veth(int peer_netns)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct link_request peer = {.name = "eth0", .netns = &peer_netns};
    struct error err = ERROR_INIT;
    struct netlink_batch b;
    struct link l;
    int r;

    assert_int_equal(netlink_open(&n, NETLINK_ROUTE, -1, &err), 0);
    netlink_batch_init(&b);
    link_create(&b, &(struct link_request){
                        .name = "v", .kind = "veth", .peer = &peer, .flags = IFF_UP, .change = IFF_UP});
    r = netlink_exchange(&n, &b, NULL, NULL);
    if (r == -EOPNOTSUPP)
        SKIP("no veth can be made here");
    assert_int_equal(r, 0);
    assert_int_equal(link_find(&n, 0, "v", &l, &err), 0);
    return l.index;
}

static void serve_one(int fd, int index, struct dhcp_server *s)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint8_t buffer[UDP_PACKET_MAX], bytes[DHCP_MESSAGE_MAX];
    struct udp_packet p;
    struct dhcp_message m;
    struct dhcp_answer a;

    if (udp_packet_receive(fd, buffer, &p, NULL) != 1 || !dhcp_parse(p.payload, p.size, &m))
        return;
    dhcp_server_answer(s, &m, NULL, 1000, &a);
    if (!a.send)
        return;
    p = (struct udp_packet){.source = SERVER,
                            .destination = a.to,
                            .source_port = DHCP_SERVER_PORT,
                            .destination_port = DHCP_CLIENT_PORT,
                            .payload = bytes,
                            .size = dhcp_build(&a.reply, bytes)};
    assert_int_equal(udp_packet_send(fd, index, a.to_hardware ? a.reply.hardware : all, &p), 0);
}

/* The number of IPv4 addresses on the link, and of routes over it. */
static void count(int netns, int index, unsigned *addresses, unsigned *routes)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    struct error err = ERROR_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct address a;
    struct route r;

    *addresses = *routes = 0;
    assert_int_equal(netlink_open(&n, NETLINK_ROUTE, netns, &err), 0);
    assert_int_equal(address_dump(&n, AF_INET, index, &text, &err), 0);
    for (rest = (struct netlink_view){(uint8_t *)text.text, text.length}; netlink_next_message(&rest, &m);)
        *addresses += address_parse(&m, &a) && a.index == index;
    assert_int_equal(route_dump(&n, AF_INET, RT_TABLE_MAIN, false, &text, &err), 0);
    for (rest = (struct netlink_view){(uint8_t *)text.text, text.length}; netlink_next_message(&rest, &m);)
        *routes += route_parse(&m, &r) && r.table == RT_TABLE_MAIN && r.device == index;
}

static void a_lease_is_applied_in_another_namespace(void **state)
{
    struct dhcp_server s = {
        .address = SERVER, .netmask = 0xffffff00, .lease_seconds = 3600, .max_leases = 9, .domain = "lxc"};
    struct dhcp_link l;
    struct dhcp_link_options options = {.host_name = "web"};
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    cleanup_fd int inner = new_namespace(), outer = inner < 0 ? -1 : new_namespace(), fd = -1;
    enum dhcp_event event = DHCP_NOTHING;
    struct error err = ERROR_INIT;
    unsigned addresses, routes;
    int index;

    (void)state;
    if (outer < 0)
        SKIP("network namespaces may not be made here");
    index = make_veth(inner);
    lease_table_init(&s.leases, SERVER + 1, SERVER + 9);
    fd = udp_packet_open(-1, index, DHCP_SERVER_PORT);
    if (fd == -ENOPROTOOPT)
        SKIP("packet sockets do not tell here whose checksums are still to be made");
    assert_true(fd >= 0);
    if (dhcp_link_open(&l, inner, "eth0", &options, &err) < 0)
        fail_msg("%s", err.text);
    while (event == DHCP_NOTHING) {
        struct pollfd fds[] = {{fd, POLLIN, 0}, {l.fd, POLLIN, 0}};

        assert_true(poll(fds, 2, dhcp_link_wait_ms(&l)) >= 0);
        serve_one(fd, index, &s);
        event = dhcp_link_run(&l);
    }
    assert_int_equal(event, DHCP_BOUND);
    for (int i = 0; i < 2; i++) /* the second as after a renewal */
        if (dhcp_link_apply(&l, &err) < 0)
            fail_msg("%s", err.text);
    count(inner, l.index, &addresses, &routes);
    assert_int_equal(addresses, 1);
    assert_int_equal(routes, 2); /* the network's and the default */
    assert_int_equal(dhcp_link_resolv_conf(&l, &text), 0);
    assert_string_equal(strbuf_text(&text), "search lxc\nnameserver 10.0.3.1\n");
    assert_int_equal(lease_of_name(&s.leases, "web", 1000)->address, l.client.lease.your_address);
    assert_int_equal(dhcp_link_release(&l, &err), 0);
    serve_one(fd, index, &s);
    assert_null(lease_of_name(&s.leases, "web", 1000));
    count(inner, l.index, &addresses, &routes);
    assert_int_equal(addresses + routes, 0);
    dhcp_link_close(&l);
    lease_table_free(&s.leases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_lease_is_applied_in_another_namespace)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
