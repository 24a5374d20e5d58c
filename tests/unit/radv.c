/* Router advertisements and stateless DHCPv6. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "net/dhcp/dhcpv6.h"
#include "net/dhcp/radv.h"

static struct radv new_radv(void)
{
    struct radv r = {.prefix_length = 64, .domain = "lxc.example", .hardware = {2, 0, 0, 0, 0, 1}};

    inet_pton(AF_INET6, "fd42::1", &r.prefix);
    r.dns = r.prefix;
    return r;
}

/* The option of a type, NULL where there is none; every option's length must hold. */
static const uint8_t *find(const uint8_t *bytes, size_t length, uint8_t type)
{
    const uint8_t *found = NULL;

    for (size_t at = 16; at < length; at += (size_t)8 * bytes[at + 1]) {
        assert_in_range(bytes[at + 1], 1, (length - at) / 8);
        if (bytes[at] == type)
            found = bytes + at;
    }
    return found;
}

static void an_advertisement_tells_prefix_router_and_dns(void **state)
{
    struct radv r = new_radv();
    uint8_t bytes[RADV_SIZE_MAX];
    size_t length = radv_build(&r, bytes);
    const uint8_t *prefix = find(bytes, length, 3), *dns = find(bytes, length, 25);

    (void)state;
    assert_int_equal(bytes[0], 134);
    assert_true(bytes[6] || bytes[7]);
    assert_int_equal(prefix[2], 64);
    assert_int_equal(prefix[3], 0xc0);
    assert_int_equal(prefix[16], 0xfd);
    assert_int_equal(prefix[31], 0); /* the network's, not the router's own address */
    assert_memory_equal(dns + 8, &r.dns, 16);
    assert_memory_equal(find(bytes, length, 31) + 8, "\3lxc\7example\0", 13);
    assert_memory_equal(find(bytes, length, 1) + 2, r.hardware, 6);
}

static void the_last_advertisement_takes_the_router_away(void **state)
{
    struct radv r = new_radv();
    uint8_t bytes[RADV_SIZE_MAX];
    size_t length;

    (void)state;
    r.ending = true;
    length = radv_build(&r, bytes);
    assert_int_equal(bytes[6] | bytes[7], 0);
    assert_memory_equal(find(bytes, length, 25) + 4, "\0\0\0\0", 4);
}

static void only_whole_solicitations_count(void **state)
{
    uint8_t bytes[16] = {133, 0, 0, 0, 0, 0, 0, 0, 1, 1};

    (void)state;
    assert_true(radv_is_solicitation(bytes, 8));
    assert_true(radv_is_solicitation(bytes, 16));
    assert_false(radv_is_solicitation(bytes, 7));
    assert_false(radv_is_solicitation(bytes, 12));
    bytes[9] = 0; /* an option without length would never end */
    assert_false(radv_is_solicitation(bytes, 16));
    bytes[9] = 2;
    assert_false(radv_is_solicitation(bytes, 16));
}

static void an_information_request_is_answered(void **state)
{
    struct dhcpv6 s = {.hardware = {2, 0, 0, 0, 0, 1}, .domain = "lxc"};
    uint8_t request[] = {11, 1, 2, 3, 0, 1, 0, 4, 0, 3, 0, 1, 0, 6, 0, 2, 0, 23}, reply[DHCPV6_REPLY_MAX];
    size_t length = dhcpv6_answer(&s, request, sizeof(request), reply);

    (void)state;
    assert_true(length > 0);
    assert_int_equal(reply[0], 7);
    assert_memory_equal(reply + 1, request + 1, 11); /* transaction and client identifier come back */
    for (size_t i = 5; i < sizeof(request); i++)
        if (i != 12)
            assert_int_equal(dhcpv6_answer(&s, request, i, reply), 0);
}

static void what_asks_for_addresses_or_for_another_server_is_not(void **state)
{
    struct dhcpv6 s = {.hardware = {2, 0, 0, 0, 0, 1}, .domain = ""};
    uint8_t solicit[] = {1, 1, 2, 3}, ia[] = {11, 1, 2, 3, 0, 3, 0, 0};
    uint8_t other[] = {11, 1, 2, 3, 0, 2, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 9}, reply[DHCPV6_REPLY_MAX];

    (void)state;
    assert_int_equal(dhcpv6_answer(&s, solicit, sizeof(solicit), reply), 0);
    assert_int_equal(dhcpv6_answer(&s, ia, sizeof(ia), reply), 0);
    assert_int_equal(dhcpv6_answer(&s, other, sizeof(other), reply), 0);
    other[17] = 1;
    assert_true(dhcpv6_answer(&s, other, sizeof(other), reply) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_advertisement_tells_prefix_router_and_dns),
        cmocka_unit_test(the_last_advertisement_takes_the_router_away),
        cmocka_unit_test(only_whole_solicitations_count),
        cmocka_unit_test(an_information_request_is_answered),
        cmocka_unit_test(what_asks_for_addresses_or_for_another_server_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
