/* DHCPv4 messages, and the server as a function of (state, message). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "net/dhcp/dhcp.h"
#include "net/dhcp/dhcp_server.h"

#define NOW    1000000
#define SERVER 0x0a000301U /* 10.0.3.1 */
#define FIRST  0x0a000302U
#define LAST   0x0a000305U

static void a_message_is_read_as_it_was_built(void **state)
{
    struct dhcp_message m = {.is_reply = true,
                             .type = DHCP_ACK,
                             .transaction = 0x12345678,
                             .seconds = 3,
                             .flags = DHCP_FLAG_BROADCAST,
                             .your_address = FIRST,
                             .hardware_type = 1,
                             .hardware = {2, 0, 0, 0, 0, 9},
                             .hardware_size = 6,
                             .server = SERVER,
                             .netmask = 0xffffff00,
                             .broadcast = 0x0a0003ff,
                             .routers = {SERVER},
                             .router_count = 1,
                             .dns = {SERVER, 0x08080808},
                             .dns_count = 2,
                             .lease_seconds = 3600,
                             .renew_seconds = 1800,
                             .rebind_seconds = 3150,
                             .mtu = 1400,
                             .host_name = "web",
                             .domain = "lxc.example",
                             .id = {255, 1, 2, 3},
                             .id_size = 4,
                             .routes = {{0, 0, SERVER}, {0x0a800000, 9, 0x0a000309}},
                             .route_count = 2},
                        out;
    uint8_t bytes[DHCP_MESSAGE_MAX];
    size_t length = dhcp_build(&m, bytes);

    (void)state;
    assert_true(length >= 300 && length <= 548);
    assert_true(dhcp_parse(bytes, length, &out));
    assert_memory_equal(&m, &out, sizeof(m));
}

static void options_may_overflow_into_file_and_sname(void **state)
{
    struct dhcp_message m = {.type = DHCP_DISCOVER, .hardware_type = 1, .hardware_size = 6}, out;
    uint8_t bytes[DHCP_MESSAGE_MAX];
    size_t length = dhcp_build(&m, bytes);

    (void)state;
    memcpy(bytes + 243, (uint8_t[]){52, 1, 3, 255}, 4); /* after the type: overload, both */
    memcpy(bytes + 108, (uint8_t[]){12, 2, 'h', 'i', 255}, 5);
    memcpy(bytes + 44, (uint8_t[]){1, 4, 255, 0, 0, 0, 255}, 7);
    assert_true(dhcp_parse(bytes, length, &out));
    assert_string_equal(out.host_name, "hi");
    assert_int_equal(out.netmask, 0xff000000);
}

static void what_lies_about_a_length_is_no_message(void **state)
{
    struct dhcp_message m = {.type = DHCP_DISCOVER, .hardware_type = 1, .hardware_size = 6}, out;
    uint8_t bytes[DHCP_MESSAGE_MAX];
    size_t length = dhcp_build(&m, bytes);

    (void)state;
    assert_false(dhcp_parse(bytes, 239, &out));
    bytes[2] = 17;
    assert_false(dhcp_parse(bytes, length, &out));
    bytes[2] = 6;
    memcpy(bytes + 243, (uint8_t[]){12, 200}, 2);
    assert_false(dhcp_parse(bytes, length, &out));
    bytes[240] = 0; /* no type at all */
    bytes[241] = 0;
    bytes[242] = 255;
    assert_false(dhcp_parse(bytes, length, &out));
}

/*
 * CVE-2019-5747: every option with every length, complete and cut off, in a message whose bytes end where its
 * allocation does.
 */
static void options_of_any_length_stay_within_bounds(void **state)
{
    struct dhcp_message m = {.type = DHCP_DISCOVER, .hardware_type = 1, .hardware_size = 6}, out;
    uint8_t whole[DHCP_MESSAGE_MAX + 600];
    size_t start = 243; /* after the type */

    (void)state;
    dhcp_build(&m, whole);
    for (unsigned code = 1; code < 255; code++)
        for (unsigned size = 0; size < 256; size++) {
            size_t length = start + 2 + size;
            uint8_t *bytes = malloc(length);

            memcpy(bytes, whole, start);
            memset(bytes + start, 0x41, length - start);
            bytes[start] = (uint8_t)code;
            bytes[start + 1] = (uint8_t)size;
            if (dhcp_parse(bytes, length, &out)) {
                assert_true(strnlen(out.host_name, sizeof(out.host_name)) < sizeof(out.host_name));
                assert_true(strnlen(out.domain, sizeof(out.domain)) < sizeof(out.domain));
                assert_true(out.id_size <= DHCP_ID_MAX && out.router_count <= DHCP_ADDRESSES_MAX &&
                            out.dns_count <= DHCP_ADDRESSES_MAX && out.route_count <= DHCP_ROUTES_MAX);
                assert_true(size == 4 ||
                            (!out.netmask && !out.requested && !out.lease_seconds && !out.server));
            }
            if (size)
                assert_false(dhcp_parse(bytes, length - 1, &out));
            free(bytes);
        }
}

static void only_names_are_taken_for_host_names(void **state)
{
    char name[DHCP_NAME_SIZE];

    (void)state;
    dhcp_host_name("Web-1.example.org", 17, name);
    assert_string_equal(name, "web-1");
    dhcp_host_name("a b", 3, name);
    assert_string_equal(name, "");
    dhcp_host_name("-x", 2, name);
    assert_string_equal(name, "");
    dhcp_host_name("../../etc", 9, name);
    assert_string_equal(name, "");
    assert_true(dhcp_domain_valid("lxc.example"));
    assert_false(dhcp_domain_valid("lxc\nnameserver 6.6.6.6"));
    assert_false(dhcp_domain_valid("a..b"));
}

/* --- The server --- */

static struct dhcp_server new_server(void)
{
    struct dhcp_server s = {
        .address = SERVER, .netmask = 0xffffff00, .lease_seconds = 3600, .max_leases = 100, .domain = "lxc"};

    lease_table_init(&s.leases, FIRST, LAST);
    return s;
}

static struct dhcp_message from_client(uint8_t client, enum dhcp_type type)
{
    return (struct dhcp_message){.type = type,
                                 .transaction = client,
                                 .hardware_type = 1,
                                 .hardware = {2, 0, 0, 0, 0, client},
                                 .hardware_size = 6};
}

static uint32_t offered(struct dhcp_server *s, uint8_t client, int64_t now)
{
    struct dhcp_message m = from_client(client, DHCP_DISCOVER);
    struct dhcp_answer a;

    dhcp_server_answer(s, &m, NULL, now, &a);
    assert_int_equal(a.send, a.reply.your_address != 0);
    if (a.send)
        assert_int_equal(a.reply.type, DHCP_OFFER);
    return a.reply.your_address;
}

static struct dhcp_answer requested(struct dhcp_server *s, uint8_t client, uint32_t address, const char *name,
                                    int64_t now)
{
    struct dhcp_message m = from_client(client, DHCP_REQUEST);
    struct dhcp_answer a;

    m.requested = address;
    m.server = SERVER;
    strcpy(m.host_name, name);
    dhcp_server_answer(s, &m, NULL, now, &a);
    return a;
}

static uint32_t leased(struct dhcp_server *s, uint8_t client, const char *name, int64_t now)
{
    struct dhcp_answer a = requested(s, client, offered(s, client, now), name, now);

    assert_true(a.send);
    assert_int_equal(a.reply.type, DHCP_ACK);
    assert_int_equal(a.changed, a.reply.your_address);
    return a.reply.your_address;
}

static void a_client_gets_an_address_and_all_it_needs(void **state)
{
    struct dhcp_server s = new_server();
    uint32_t address = offered(&s, 1, NOW);
    struct dhcp_answer a = requested(&s, 1, address, "web", NOW);

    (void)state;
    assert_in_range(address, FIRST, LAST);
    assert_int_equal(a.reply.type, DHCP_ACK);
    assert_int_equal(a.reply.your_address, address);
    assert_int_equal(a.reply.netmask, 0xffffff00);
    assert_int_equal(a.reply.routers[0], SERVER);
    assert_int_equal(a.reply.dns[0], SERVER);
    assert_int_equal(a.reply.lease_seconds, 3600);
    assert_string_equal(a.reply.domain, "lxc");
    assert_true(a.to_hardware);
    assert_int_equal(a.to, address);
    assert_int_equal(lease_of_name(&s.leases, "WEB", NOW)->address, address);
    assert_null(lease_of_name(&s.leases, "web", NOW + 3601));
    lease_table_free(&s.leases);
}

static void no_address_is_given_twice_and_an_empty_pool_gives_none(void **state)
{
    struct dhcp_server s = new_server();
    uint32_t seen = 0;

    (void)state;
    for (uint8_t client = 1; client <= 4; client++) {
        uint32_t bit = 1U << (leased(&s, client, "", NOW) - FIRST);
        assert_false(seen & bit);
        seen |= bit;
    }
    assert_int_equal(offered(&s, 5, NOW), 0);
    assert_int_not_equal(offered(&s, 5, NOW + 3601), 0);
    lease_table_free(&s.leases);
}

static void an_offer_is_held_for_a_while(void **state)
{
    struct dhcp_server s = new_server();

    (void)state;
    for (uint8_t client = 1; client <= 4; client++)
        assert_int_not_equal(offered(&s, client, NOW), 0);
    assert_int_equal(offered(&s, 5, NOW + 59), 0);
    assert_int_not_equal(offered(&s, 5, NOW + 61), 0);
    lease_table_free(&s.leases);
}

static void a_client_gets_the_address_it_had(void **state)
{
    struct dhcp_server s = new_server();
    uint32_t address = leased(&s, 1, "", NOW);
    struct dhcp_message m = from_client(1, DHCP_RELEASE);
    struct dhcp_answer a;

    (void)state;
    m.client_address = address;
    dhcp_server_answer(&s, &m, NULL, NOW + 1, &a);
    assert_false(a.send);
    assert_int_equal(a.changed, address);
    assert_int_not_equal(leased(&s, 2, "", NOW + 2), address);
    assert_int_equal(offered(&s, 1, NOW + 3), address);
    lease_table_free(&s.leases);
}

static void a_lease_is_renewed_by_its_owner_only(void **state)
{
    struct dhcp_server s = new_server();
    uint32_t address = leased(&s, 1, "", NOW);
    struct dhcp_message m = from_client(1, DHCP_REQUEST);
    struct dhcp_answer a;

    (void)state;
    m.client_address = address;
    dhcp_server_answer(&s, &m, NULL, NOW + 1800, &a);
    assert_int_equal(a.reply.type, DHCP_ACK);
    assert_int_equal(a.to, address);
    assert_int_equal(lease_of_address(&s.leases, address)->expires, NOW + 1800 + 3600);
    m.hardware[5] = 2;
    dhcp_server_answer(&s, &m, NULL, NOW + 1800, &a);
    assert_int_equal(a.reply.type, DHCP_NAK);
    assert_int_equal(a.to, 0xffffffff);
    lease_table_free(&s.leases);
}

/* RFC 2131, 4.3.2: INIT-REBOOT. The server may have lost its leases and is authoritative. */
static void a_rebooted_client_is_confirmed_or_refused(void **state)
{
    struct dhcp_server s = new_server();
    struct dhcp_message m = from_client(1, DHCP_REQUEST);
    struct dhcp_answer a;

    (void)state;
    m.requested = FIRST + 1;
    dhcp_server_answer(&s, &m, NULL, NOW, &a);
    assert_int_equal(a.reply.type, DHCP_ACK);
    m.requested = 0xc0a80105;
    dhcp_server_answer(&s, &m, NULL, NOW, &a);
    assert_int_equal(a.reply.type, DHCP_NAK);
    m.requested = SERVER;
    dhcp_server_answer(&s, &m, NULL, NOW, &a);
    assert_int_equal(a.reply.type, DHCP_NAK);
    lease_table_free(&s.leases);
}

static void another_servers_client_is_let_go(void **state)
{
    struct dhcp_server s = new_server();
    struct dhcp_message m = from_client(1, DHCP_REQUEST);
    struct dhcp_answer a;

    (void)state;
    m.requested = offered(&s, 1, NOW);
    m.server = 0x0a0003fe;
    dhcp_server_answer(&s, &m, NULL, NOW, &a);
    assert_false(a.send);
    assert_true(lease_free_for_others(lease_of_address(&s.leases, m.requested), NOW));
    lease_table_free(&s.leases);
}

static void a_declined_address_rests(void **state)
{
    struct dhcp_server s = new_server();
    struct dhcp_message m = from_client(1, DHCP_DECLINE);
    struct dhcp_answer a;

    (void)state;
    m.requested = leased(&s, 1, "", NOW);
    dhcp_server_answer(&s, &m, NULL, NOW, &a);
    assert_non_null(a.ignored);
    assert_int_equal(a.changed, m.requested); /* it is free on disk, too */
    assert_int_not_equal(leased(&s, 1, "", NOW), m.requested);
    lease_table_free(&s.leases);
}

static void a_configured_host_has_its_address_and_nobody_else(void **state)
{
    struct dhcp_server s = new_server();
    struct dhcp_host hosts[3];
    struct dhcp_message m = from_client(9, DHCP_DISCOVER);
    struct dhcp_answer a;

    (void)state;
    assert_null(dhcp_host_parse("db,10.0.3.3", &hosts[0]));
    assert_null(dhcp_host_parse("02:00:00:00:00:07,mail, 10.0.3.200, 12h", &hosts[1]));
    assert_null(dhcp_host_parse("02:00:00:00:00:08,ignore", &hosts[2]));
    s.hosts = hosts;
    s.host_count = 3;
    assert_int_equal(leased(&s, 7, "", NOW), 0x0a0003c8);
    assert_int_equal(lease_of_name(&s.leases, "mail", NOW)->expires, NOW + 12 * 3600);
    assert_int_equal(offered(&s, 8, NOW), 0);
    for (uint8_t client = 1; client <= 3; client++)
        assert_int_not_equal(leased(&s, client, "mail", NOW), 0x0a000303);
    assert_int_equal(lease_of_name(&s.leases, "mail", NOW)->address, 0x0a0003c8);
    strcpy(m.host_name, "db");
    dhcp_server_answer(&s, &m, NULL, NOW, &a);
    assert_int_equal(a.reply.your_address, 0x0a000303);
    lease_table_free(&s.leases);
}

static void a_configured_address_that_is_leased_is_waited_for(void **state)
{
    struct dhcp_server s = new_server();
    struct dhcp_host host;
    struct dhcp_message renewal = from_client(7, DHCP_REQUEST);
    struct dhcp_answer a;
    uint32_t taken = leased(&s, 1, "", NOW), meanwhile;

    (void)state;
    assert_null(dhcp_host_parse("02:00:00:00:00:07,mail", &host));
    host.address = taken;
    s.hosts = &host;
    s.host_count = 1;
    meanwhile = leased(&s, 7, "", NOW);
    assert_int_not_equal(meanwhile, taken);
    renewal.client_address = meanwhile;
    dhcp_server_answer(&s, &renewal, NULL, NOW + 1800, &a);
    assert_int_equal(a.reply.type, DHCP_ACK);
    dhcp_server_answer(&s, &renewal, NULL, NOW + 3601, &a);
    assert_int_equal(a.reply.type, DHCP_NAK);
    assert_int_equal(leased(&s, 7, "", NOW + 3601), taken);
    lease_table_free(&s.leases);
}

/* What a client gets that has an identifier. */
static uint32_t leased_by_id(struct dhcp_server *s, uint8_t client, const char *id, bool accepts)
{
    struct dhcp_message m = from_client(client, DHCP_DISCOVER);
    struct dhcp_answer a;

    m.id_size = (uint8_t)strlen(id);
    memcpy(m.id, id, m.id_size);
    dhcp_server_answer(s, &m, NULL, NOW, &a);
    assert_true(a.send);
    m.type = DHCP_REQUEST;
    m.requested = a.reply.your_address;
    m.server = SERVER;
    if (accepts)
        dhcp_server_answer(s, &m, NULL, NOW, &a);
    return a.reply.your_address;
}

static void a_reserved_address_follows_the_hardware_address(void **state)
{
    struct dhcp_server s = new_server();
    struct dhcp_host host;

    (void)state;
    assert_null(dhcp_host_parse("02:00:00:00:00:07,02:00:00:00:00:08,web,10.0.3.200", &host));
    s.hosts = &host;
    s.host_count = 1;
    assert_int_equal(leased_by_id(&s, 7, "one", true), 0x0a0003c8);
    assert_int_equal(leased_by_id(&s, 7, "two", true), 0x0a0003c8);
    assert_int_equal(leased(&s, 8, "", NOW), 0x0a0003c8);
    assert_int_equal(s.leases.count, 1);
    /* An offer takes nothing away. */
    assert_int_equal(leased_by_id(&s, 7, "one", false), 0x0a0003c8);
    assert_int_equal(lease_of_name(&s.leases, "web", NOW)->client.hardware[5], 8);
    lease_table_free(&s.leases);
}

static void configured_options_are_sent_to_who_wants_them(void **state)
{
    struct dhcp_message m = from_client(1, DHCP_DISCOVER), read;
    struct dhcp_option options[4];
    uint8_t bytes[DHCP_MESSAGE_MAX];
    size_t size;

    (void)state;
    assert_null(dhcp_option_parse("option:router", SERVER, &options[0]));
    assert_null(dhcp_option_parse("6,0.0.0.0,10.0.3.9", SERVER, &options[1]));
    assert_null(dhcp_option_parse("66,\"a, b\"", SERVER, &options[2]));
    assert_null(dhcp_option_parse("option:domain-search,a.test,b.test", SERVER, &options[3]));
    assert_int_equal(options[3].size, 16);
    m.routers[0] = m.dns[0] = SERVER + 1;
    m.router_count = m.dns_count = 1;
    m.options = options;
    m.option_count = 4;
    m.has_wanted = true;
    m.wanted[0] = 1 << 3 | 1 << 6;
    size = dhcp_build(&m, bytes);
    assert_true(dhcp_parse(bytes, size, &read));
    assert_int_equal(read.router_count, 0);
    assert_int_equal(read.dns_count, 2);
    assert_int_equal(read.dns[0], SERVER);
    assert_null(memmem(bytes, size, "a, b", 4));
    m.has_wanted = false;
    size = dhcp_build(&m, bytes);
    assert_non_null(memmem(bytes, size, "\x42\4a, b", 6));
}

static void host_lines_that_say_nothing_are_refused(void **state)
{
    struct dhcp_host h;

    (void)state;
    assert_non_null(dhcp_host_parse("", &h));
    assert_non_null(dhcp_host_parse("10.0.3.9", &h));
    assert_non_null(dhcp_host_parse("02:zz:00,10.0.3.9", &h));
    assert_non_null(dhcp_host_parse("set:tag,web,10.0.3.9", &h));
    assert_null(dhcp_host_parse("id:01:02:00:00:00:00:01,web,10.0.3.9,infinite", &h));
    assert_int_equal(h.id_size, 7);
    assert_int_equal(h.lease_seconds, DHCP_FOREVER);
}

static void a_claimed_name_stays_with_its_first_client(void **state)
{
    struct dhcp_server s = new_server();
    uint32_t first, second;

    (void)state;
    first = leased(&s, 1, "web", NOW);
    second = leased(&s, 2, "web", NOW);
    assert_int_equal(lease_of_name(&s.leases, "web", NOW)->address, first);
    assert_int_equal(leased(&s, 2, "web", NOW + 3700), second);
    assert_int_equal(lease_of_name(&s.leases, "web", NOW + 3700)->address, second);
    lease_table_free(&s.leases);
}

static void no_more_leases_than_the_most(void **state)
{
    struct dhcp_server s = new_server();

    (void)state;
    s.max_leases = 2;
    leased(&s, 1, "", NOW);
    leased(&s, 2, "", NOW);
    assert_int_equal(offered(&s, 3, NOW), 0);
    lease_table_free(&s.leases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_read_as_it_was_built),
        cmocka_unit_test(options_may_overflow_into_file_and_sname),
        cmocka_unit_test(what_lies_about_a_length_is_no_message),
        cmocka_unit_test(options_of_any_length_stay_within_bounds),
        cmocka_unit_test(only_names_are_taken_for_host_names),
        cmocka_unit_test(a_client_gets_an_address_and_all_it_needs),
        cmocka_unit_test(no_address_is_given_twice_and_an_empty_pool_gives_none),
        cmocka_unit_test(an_offer_is_held_for_a_while),
        cmocka_unit_test(a_client_gets_the_address_it_had),
        cmocka_unit_test(a_lease_is_renewed_by_its_owner_only),
        cmocka_unit_test(a_rebooted_client_is_confirmed_or_refused),
        cmocka_unit_test(another_servers_client_is_let_go),
        cmocka_unit_test(a_declined_address_rests),
        cmocka_unit_test(a_configured_host_has_its_address_and_nobody_else),
        cmocka_unit_test(a_configured_address_that_is_leased_is_waited_for),
        cmocka_unit_test(a_reserved_address_follows_the_hardware_address),
        cmocka_unit_test(configured_options_are_sent_to_who_wants_them),
        cmocka_unit_test(host_lines_that_say_nothing_are_refused),
        cmocka_unit_test(a_claimed_name_stays_with_its_first_client),
        cmocka_unit_test(no_more_leases_than_the_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
