/* The settings of lxc-net, lines in the syntax of a shell. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "net/bridge/bridge_settings.h"

static int read_text(const char *text, struct bridge_settings *out, struct error *err)
{
    cleanup_fd int fd = memfd_create("settings", MFD_CLOEXEC);
    char path[40];
    const char *files[] = {"/nonexistent/lxc", path};

    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return bridge_settings_read(files, 2, out, err);
}

static void without_a_file_it_is_stocks_network(void **state)
{
    struct error err = ERROR_INIT;
    struct bridge_settings s;

    (void)state;
    assert_int_equal(read_text("", &s, &err), 0);
    assert_true(s.use_bridge);
    assert_string_equal(s.bridge, "lxcbr0");
    assert_int_equal(s.address, 0x0a000301);
    assert_int_equal(s.network, 0x0a000300);
    assert_int_equal(s.network_length, 24);
    assert_int_equal(s.first, 0x0a000302);
    assert_int_equal(s.last, 0x0a0003fe);
    assert_int_equal(s.max_leases, 253);
    assert_false(s.ipv6);
    bridge_settings_free(&s);
}

static void what_is_not_set_follows_from_the_address(void **state)
{
    struct error err = ERROR_INIT;
    struct bridge_settings s;

    (void)state;
    assert_int_equal(read_text("LXC_ADDR='172.16.5.254' # mine\nexport LXC_NETMASK=\"255.255.0.0\"\n"
                               "[ ! -f /etc/x ] || . /etc/x\nLXC_IPV6_ADDR=fd00:5::1\n",
                               &s, &err),
                     0);
    assert_int_equal(s.first, 0xac100001);
    assert_int_equal(s.last, 0xac10fffe);
    assert_int_equal(s.network_length, 16);
    assert_true(s.ipv6 && !s.nat6);
    assert_int_equal(s.length6, 64);
    bridge_settings_free(&s);
}

static void ipv6_is_what_lxc_ipv6_enable_says(void **state)
{
    static const struct {
        const char *text, *address; /* NULL: no IPv6 */
        bool nat;
    } rows[] = {
        {"LXC_IPV6_ENABLE=true\n", "fc42:5009:ba4b:5ab0::1", true},
        {"LXC_IPV6_ENABLE=\"true\"\nLXC_IPV6_NAT=false\n", "fc42:5009:ba4b:5ab0::1", false},
        {"LXC_IPV6_ENABLE=true\nLXC_IPV6_ADDR=fd00:5::1\n", "fd00:5::1", false},
        {"LXC_IPV6_ENABLE=true\nLXC_IPV6_ADDR=\n", NULL, false},
        {"LXC_IPV6_ENABLE=false\nLXC_IPV6_ADDR=fd00:5::1\n", NULL, false},
        {"LXC_IPV6_ENABLE=false\n", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct error err = ERROR_INIT;
        struct bridge_settings s;
        char text[INET6_ADDRSTRLEN];

        assert_int_equal(read_text(rows[i].text, &s, &err), 0);
        assert_int_equal(s.ipv6, rows[i].address != NULL);
        if (s.ipv6) {
            assert_string_equal(inet_ntop(AF_INET6, &s.address6, text, sizeof(text)), rows[i].address);
            assert_int_equal(s.length6, 64);
            assert_int_equal(s.nat6, rows[i].nat);
        }
        bridge_settings_free(&s);
    }
}

static void values_that_make_no_sense_are_refused(void **state)
{
    static const char *const texts[] = {
        "LXC_ADDR=10.0.3\n",
        "LXC_NETMASK=255.0.255.0\n",
        "LXC_NETMASK=255.255.255.255",
        "LXC_DHCP_RANGE=10.0.3.9,10.0.3.2\n",
        "LXC_DHCP_RANGE=10.0.3.9\n",
        "LXC_DHCP_RANGE=10.0.3.2,10.0.3.9,soon\n",
        "LXC_BRIDGE=much-too-long-for-a-link\n",
        "LXC_BRIDGE=../x\n",
        "LXC_BRIDGE_MAC=01:00:00:00:00:01\n",
        "LXC_DOMAIN=\"a b\"\n",
        "USE_LXC_BRIDGE=maybe\n",
        "LXC_ADDR=$(hostname -i)\n",
        "LXC_ADDR=\"10.0.3.1\n",
        "LXC_IPV6_ADDR=fd00::1/64\n",
        "LXC_IPV6_ENABLE=maybe\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct error err = ERROR_INIT;
        struct bridge_settings s;

        if (read_text(texts[i], &s, &err) != -EINVAL)
            fail_msg("accepted: %s", texts[i]);
        assert_non_null(strstr(err.text, ":1: ")); /* the line */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_it_is_stocks_network),
        cmocka_unit_test(what_is_not_set_follows_from_the_address),
        cmocka_unit_test(ipv6_is_what_lxc_ipv6_enable_says),
        cmocka_unit_test(values_that_make_no_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
