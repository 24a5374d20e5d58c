/* Names of hosts: what needs no name server. */
#include "core/base/lookup.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static const char hosts[] = "127.0.0.1 localhost\n# 10.0.0.1 remark\n10.0.0.2\tbox box.example # other\n";

static void a_name_or_alias_of_the_hosts_file_is_found_in_any_case(void **state)
{
    (void)state;
    assert_true(lookup_hosts_has(hosts, "localhost"));
    assert_true(lookup_hosts_has(hosts, "BOX.example"));
    assert_false(lookup_hosts_has(hosts, "10.0.0.2"));
    assert_false(lookup_hosts_has(hosts, "remark"));
    assert_false(lookup_hosts_has(hosts, "other"));
    assert_false(lookup_hosts_has(hosts, "bo"));
}

static void a_file_without_nameserver_lines_names_no_server(void **state)
{
    (void)state;
    assert_true(lookup_has_server("search x\nnameserver 10.0.0.1\n"));
    assert_false(lookup_has_server("# nameserver 10.0.0.1\nsearch x\n"));
    assert_false(lookup_has_server(""));
}

static void localhost_is_the_loopback(void **state)
{
    static const char *const names[] = {"localhost", "LocalHost", "x.localhost"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_INET};
        struct addrinfo *found = NULL;
        struct error err = ERROR_INIT;

        assert_int_equal(lookup_host(names[i], "80", &hints, &found, &err), 0);
        assert_int_equal(((struct sockaddr_in *)(void *)found->ai_addr)->sin_addr.s_addr,
                         htonl(INADDR_LOOPBACK));
        freeaddrinfo(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_or_alias_of_the_hosts_file_is_found_in_any_case),
        cmocka_unit_test(a_file_without_nameserver_lines_names_no_server),
        cmocka_unit_test(localhost_is_the_loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
