/* URLs and the proxies that the environment names for them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "fetch/http/proxy.h"
#include "fetch/http/url.h"

static void assert_text(const struct url *u, const char *wanted)
{
    cleanup_free char *text = url_text(u);

    assert_string_equal(text, wanted);
}

static void a_server_is_a_host_a_port_and_a_directory(void **state)
{
    static const char *const cases[][2] = {
        {"images.linuxcontainers.org", "https://images.linuxcontainers.org/"},
        {"Localhost:8443", "https://localhost:8443/"},
        {"example.org/mirror/lxc/", "https://example.org/mirror/lxc/"},
        {"HTTP://example.org", "http://example.org/"},
        {"https://example.org:443/a/./b/../c?x=1#top", "https://example.org/a/c?x=1"},
        {"http://example.org:8080/../..", "http://example.org:8080/"},
        {"[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"},
        {"http://127.0.0.1", "http://127.0.0.1/"},
        {"http://a.example/a b\"c", "http://a.example/a%20b%22c"},
        {"http://a.example:/", "http://a.example/"},
    };
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_url struct url u = {0};

        assert_int_equal(url_parse("the server", cases[i][0], &u, &err), 0);
        assert_text(&u, cases[i][1]);
    }
}

static void what_is_no_url_is_refused_by_name(void **state)
{
    static const char *const cases[] = {
        "",
        "ftp://example.org/",
        "http://",
        "http://a b/",
        "http://a:99999/",
        "http://a:0/",
        "http://[::",
        "http://[::1]x/",
        "http://[abc]/",
        "http://a:1:2/",
        "http://a\r\nX: y/",
        "http://a:-1/",
    };
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_url struct url u = {0};

        assert_int_equal(url_parse("the server", cases[i], &u, &err), -EINVAL);
        assert_non_null(strstr(err.text, "the server"));
    }
}

/* RFC 3986 5.4, the examples that concern http. */
static void references_resolve_as_the_rfc_has_them(void **state)
{
    static const char *const cases[][2] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"g#s", "http://a/b/c/g"},
        {";x", "http://a/b/c/;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"https://x:8443/y", "https://x:8443/y"},
    };
    cleanup_url struct url base = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(url_parse("base", "http://a/b/c/d;p?q", &base, &err), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_url struct url u = {0};

        assert_int_equal(url_join(&base, cases[i][0], &u, &err), 0);
        assert_text(&u, cases[i][1]);
    }
}

static void a_redirect_to_another_scheme_is_refused(void **state)
{
    cleanup_url struct url base = {0}, u = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(url_parse("base", "https://a/", &base, &err), 0);
    assert_int_equal(url_join(&base, "file:///etc/passwd", &u, &err), -EINVAL);
    assert_int_equal(url_join(&base, "mailto:x", &u, &err), -EINVAL);
}

static void an_index_names_files_below_the_server_only(void **state)
{
    cleanup_url struct url base = {0};
    struct error err = ERROR_INIT;
    static const char *const bad[] = {"../x", "a/../../x", "..", "a/%2e%2E/x", "/.."};
    static const char *const odd = "..?x/#y";

    (void)state;
    assert_int_equal(url_parse("base", "https://h/mirror", &base, &err), 0);
    {
        cleanup_url struct url u = {0};

        assert_int_equal(url_below(&base, "/images/a/20220209_23:09/rootfs.tar.xz", &u, &err), 0);
        assert_text(&u, "https://h/mirror/images/a/20220209_23:09/rootfs.tar.xz");
    }
    {
        cleanup_url struct url u = {0};

        assert_int_equal(url_below(&base, odd, &u, &err), 0); /* a directory named "..?x", and no query */
        assert_text(&u, "https://h/mirror/..%3Fx/%23y");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        cleanup_url struct url u = {0};

        assert_int_equal(url_below(&base, bad[i], &u, &err), -EINVAL);
    }
}

static void no_proxy_lists_hosts_domains_and_all(void **state)
{
    (void)state;
    assert_true(proxy_excepts("localhost,.example.org", "a.example.org"));
    assert_true(proxy_excepts("a.b, example.org", "example.org"));
    assert_true(proxy_excepts("*.example.org", "a.example.org"));
    assert_true(proxy_excepts("*", "anything"));
    assert_true(proxy_excepts("192.0.2.1", "192.0.2.1"));
    assert_false(proxy_excepts("example.org", "badexample.org"));
    assert_false(proxy_excepts("", "example.org"));
    assert_false(proxy_excepts(",.,", "example.org"));
}

static void the_environment_names_a_proxy_for_each_scheme(void **state)
{
    cleanup_url struct url u = {0}, proxy = {0};
    struct error err = ERROR_INIT;

    (void)state;
    unsetenv("HTTPS_PROXY");
    unsetenv("NO_PROXY");
    unsetenv("no_proxy");
    unsetenv("http_proxy");
    assert_int_equal(url_parse("x", "https://images.example/", &u, &err), 0);
    setenv("https_proxy", "http://me:p%40ss@proxy.example:3128", 1);
    assert_int_equal(proxy_for(&u, &proxy, &err), 1);
    assert_string_equal(proxy.host, "proxy.example");
    assert_int_equal(proxy.port, 3128);
    assert_string_equal(proxy.user, "me:p@ss");
    url_free(&proxy);
    setenv("https_proxy", "proxy.example:3128", 1); /* as people write it */
    assert_int_equal(proxy_for(&u, &proxy, &err), 1);
    assert_false(proxy.https);
    url_free(&proxy);
    setenv("https_proxy", "https://proxy.example:3128", 1);
    assert_int_equal(proxy_for(&u, &proxy, &err), -EINVAL);
    setenv("https_proxy", "http://proxy.example", 1);
    setenv("no_proxy", ".example", 1);
    assert_int_equal(proxy_for(&u, &proxy, &err), 0);
    setenv("no_proxy", "", 1);
    setenv("https_proxy", "", 1);
    assert_int_equal(proxy_for(&u, &proxy, &err), 0);
}

static void credentials_are_base64(void **state)
{
    static const char *const cases[][2] = {{"", "Basic "},
                                           {"a", "Basic YQ=="},
                                           {"a:", "Basic YTo="},
                                           {"a:b", "Basic YTpi"},
                                           {"Aladdin:open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_free char *text = proxy_basic_credentials(cases[i][0]);

        assert_string_equal(text, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_a_host_a_port_and_a_directory),
        cmocka_unit_test(what_is_no_url_is_refused_by_name),
        cmocka_unit_test(references_resolve_as_the_rfc_has_them),
        cmocka_unit_test(a_redirect_to_another_scheme_is_refused),
        cmocka_unit_test(an_index_names_files_below_the_server_only),
        cmocka_unit_test(no_proxy_lists_hosts_domains_and_all),
        cmocka_unit_test(the_environment_names_a_proxy_for_each_scheme),
        cmocka_unit_test(credentials_are_base64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
