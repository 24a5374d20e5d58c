/* Leases and names belong to the port of the bridge that a client is behind, whatever it claims. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/dhcp/dhcp_server.h"

#define SERVER 0x0a000301U
#define NOW    1000000

static const struct dhcp_sender web = {.port = 1, .owner = "web"}, other = {.port = 2}, evil = {.port = 3},
                                card = {.port = 4, .shared = true};

/* Port 9 is that of a host that has gone. */
static bool port_exists(const void *context, int port)
{
    (void)context;
    return port != 9;
}

static bool port_owned(const void *context, const char *name)
{
    (void)context;
    return strcmp(name, "web") == 0 || strcmp(name, "db") == 0;
}

static struct dhcp_server new_server(void)
{
    struct dhcp_server s = {.address = SERVER,
                            .netmask = 0xffffff00,
                            .lease_seconds = 3600,
                            .max_leases = 100,
                            .ports = {port_exists, port_owned, NULL, 4, "thishost"}};

    lease_table_init(&s.leases, SERVER + 1, SERVER + 99);
    return s;
}

static struct dhcp_answer answer(struct dhcp_server *s, const struct dhcp_sender *from, uint8_t client,
                                 struct dhcp_message m)
{
    struct dhcp_answer a;

    m.hardware_type = 1;
    m.hardware_size = 6;
    memcpy(m.hardware, (uint8_t[]){2, 0, 0, 0, 0, client}, 6);
    dhcp_server_answer(s, &m, from, NOW, &a);
    return a;
}

/* The address of a client that asks for one under a name; 0: it gets none. */
static uint32_t leased(struct dhcp_server *s, const struct dhcp_sender *from, uint8_t client,
                       const char *name)
{
    struct dhcp_message m = {.type = DHCP_DISCOVER};
    struct dhcp_answer a = answer(s, from, client, m);

    if (!a.send)
        return 0;
    m.type = DHCP_REQUEST;
    m.requested = a.reply.your_address;
    m.server = SERVER;
    strcpy(m.host_name, name);
    a = answer(s, from, client, m);
    return a.reply.type == DHCP_ACK ? a.reply.your_address : 0;
}

static uint32_t named(struct dhcp_server *s, const char *name)
{
    const struct lease *l = lease_of_name(&s->leases, name, NOW);

    return l ? l->address : 0;
}

static void a_container_has_its_own_name_only(void **state)
{
    struct dhcp_server s = new_server();
    uint32_t address = leased(&s, &web, 1, "db");

    (void)state;
    assert_int_equal(named(&s, "web"), address);
    assert_int_equal(named(&s, "db"), 0);
    assert_int_not_equal(leased(&s, &web, 2, "inside"), 0); /* a host inside the container */
    assert_int_equal(named(&s, "web"), address);
    assert_int_equal(named(&s, "inside"), 0);
    assert_int_not_equal(leased(&s, &web, 3, "web"), 0); /* its interface has another address now */
    assert_int_not_equal(named(&s, "web"), address);
    lease_table_free(&s.leases);
}

static void a_claimed_name_is_nobody_elses(void **state)
{
    static const char *const never[] = {"web", "db", "localhost", "wpad", "isatap", "thishost"};
    struct dhcp_server s = new_server();
    struct dhcp_sender gone = {.port = 9};
    uint32_t first;

    (void)state;
    for (uint8_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        leased(&s, &card, (uint8_t)(1 + i), never[i]);
        assert_int_equal(named(&s, never[i]), 0);
    }
    first = leased(&s, &other, 20, "mine");
    assert_int_not_equal(first, 0);
    leased(&s, &evil, 21, "mine");
    assert_int_equal(named(&s, "mine"), first);
    leased(&s, &gone, 22, "left");
    first = leased(&s, &evil, 23, "left");
    assert_int_equal(named(&s, "left"), first);
    lease_table_free(&s.leases);
}

static void a_lease_belongs_to_its_port(void **state)
{
    struct dhcp_server s = new_server();
    uint32_t address = leased(&s, &other, 1, "mine");
    struct dhcp_message release = {.type = DHCP_RELEASE, .client_address = address},
                        renewal = {.type = DHCP_REQUEST, .client_address = address};
    struct dhcp_answer a = answer(&s, &evil, 1, release);

    (void)state;
    assert_int_equal(a.changed, 0);
    assert_int_equal(named(&s, "mine"), address);
    assert_false(answer(&s, &evil, 1, renewal).send);
    assert_true(answer(&s, &other, 1, renewal).send);
    lease_table_free(&s.leases);
}

static void a_port_has_a_limited_number_of_leases(void **state)
{
    struct dhcp_server s = new_server();
    unsigned got = 0;

    (void)state;
    for (uint8_t i = 1; i <= 20; i++)
        got += leased(&s, &evil, i, "") != 0;
    assert_int_equal(got, 4);
    assert_int_not_equal(leased(&s, &other, 30, ""), 0);
    for (uint8_t i = 40; i < 50; i++) /* hosts behind a card are not one host */
        assert_int_not_equal(leased(&s, &card, i, ""), 0);
    lease_table_free(&s.leases);
}

static void a_hardware_address_has_a_limited_number_of_leases(void **state)
{
    struct dhcp_server s = new_server();
    unsigned got = 0;

    (void)state;
    for (uint8_t i = 1; i <= 20; i++) {
        struct dhcp_message m = {.type = DHCP_DISCOVER, .id = {7, i}, .id_size = 2};

        got += answer(&s, &card, 1, m).send;
    }
    assert_int_equal(got, 4);
    lease_table_free(&s.leases);
}

static void two_ports_with_one_identifier_are_two_clients(void **state)
{
    struct dhcp_server s = new_server();
    struct dhcp_message m = {.type = DHCP_DISCOVER, .id = {7, 7}, .id_size = 2};
    struct dhcp_answer first = answer(&s, &other, 1, m), second = answer(&s, &evil, 2, m);

    (void)state;
    assert_true(first.send && second.send);
    assert_int_not_equal(first.reply.your_address, second.reply.your_address);
    lease_table_free(&s.leases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_container_has_its_own_name_only),
        cmocka_unit_test(a_claimed_name_is_nobody_elses),
        cmocka_unit_test(a_lease_belongs_to_its_port),
        cmocka_unit_test(a_port_has_a_limited_number_of_leases),
        cmocka_unit_test(a_hardware_address_has_a_limited_number_of_leases),
        cmocka_unit_test(two_ports_with_one_identifier_are_two_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
