/* NAME/lxcbox.conf: what is read, refused, changed and copied. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/lxcbox_conf.h"

static int parse(const char *text, struct lxcbox_conf *out, struct error *err)
{
    return lxcbox_conf_parse(text, strlen(text), "web/lxcbox.conf", out, err);
}

static void forwards_are_read_in_order(void **state)
{
    cleanup_lxcbox_conf struct lxcbox_conf c;
    char host[FORWARD_HOST_SIZE];

    (void)state;
    assert_int_equal(parse("# mine\n\n forward=tcp 8080 80\r\nforward = udp 192.0.2.1:53\t5353 \n"
                           "forward = tcp [2001:db8::1]:443 8443",
                           &c, NULL),
                     0);
    assert_int_equal(c.forward_count, 3);
    assert_int_equal(c.forwards[0].protocol, IPPROTO_TCP);
    assert_int_equal(c.forwards[0].address.family, 0);
    assert_int_equal(c.forwards[0].port, 8080);
    assert_int_equal(c.forwards[0].target_port, 80);
    assert_string_equal(forward_format_host(&c.forwards[0], host), "8080");
    assert_int_equal(c.forwards[1].protocol, IPPROTO_UDP);
    assert_int_equal(c.forwards[1].target_port, 5353);
    assert_string_equal(forward_format_host(&c.forwards[1], host), "192.0.2.1:53");
    assert_int_equal(c.forwards[2].address.family, AF_INET6);
    assert_string_equal(forward_format_host(&c.forwards[2], host), "[2001:db8::1]:443");
}

static void refused_forgeries_are_read_and_copied(void **state)
{
    cleanup_lxcbox_conf struct lxcbox_conf c = {0};
    cleanup_strbuf struct strbuf copy = STRBUF_INIT;

    (void)state;
    assert_int_equal(parse("refuse_spoofing = mac\tipv6\n", &c, NULL), 0);
    assert_int_equal(c.refuse_spoofing, SPOOFING_MAC | SPOOFING_IPV6);
    assert_int_equal(parse("refuse_spoofing = mac ipv4 ipv6", &c, NULL), 0);
    assert_int_equal(c.refuse_spoofing, SPOOFING_MAC | SPOOFING_IPV4 | SPOOFING_IPV6);
    assert_int_equal(lxcbox_conf_copy("forward = tcp 80 80\nrefuse_spoofing = mac\n", &copy), 0);
    assert_string_equal(strbuf_text(&copy), "refuse_spoofing = mac\n");
}

static void a_bad_line_is_named_and_nothing_is_read(void **state)
{
    static const char *const bad[] = {
        "forward = tcp 80",
        "refuse_spoofing =",
        "refuse_spoofing = ipv4",
        "refuse_spoofing = mac,ipv4",
        "forward = sctp 80 80",
        "forward = tcp 80 80 80",
        "forward = tcp 0 80",
        "forward = tcp 80 65536",
        "forward = tcp +80 80",
        "forward = tcp 1.2.3:80 80",
        "forward = tcp 2001:db8::1:80 80",
        "forward = tcp 0.0.0.0:80 80",
        "forward = tcp [::]:80 80",
        "forward = tcp :80 80",
        "forward = tcp []:80 80",
        "forward = tcp [:80 80",
        "forward =",
        "forwards = tcp 80 80",
        "lxc.uts.name = x",
        "forward",
        "= x",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char text[120];
        struct lxcbox_conf c;
        struct error err = ERROR_INIT;

        snprintf(text, sizeof(text), "forward = tcp 1 1\n%s\n", bad[i]);
        assert_int_equal(parse(text, &c, &err), -EINVAL);
        assert_ptr_equal(strstr(err.text, "web/lxcbox.conf:2: "), err.text);
        assert_int_equal(c.forward_count, 0);
        assert_null(c.forwards);
    }
}

static void a_port_is_forwarded_once(void **state)
{
    struct lxcbox_conf c;
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(
        parse("forward = tcp 80 80\nforward = udp 80 80\nforward = tcp 127.0.0.1:80 80\n", &c, NULL), 0);
    lxcbox_conf_free(&c);
    assert_int_equal(parse("forward = tcp 80 80\nforward = tcp 80 81\n", &c, &err), -EINVAL);
    assert_non_null(strstr(err.text, ":2: port 80/tcp is forwarded by an earlier line"));
}

static void a_zero_byte_is_refused(void **state)
{
    struct lxcbox_conf c;

    (void)state;
    assert_int_equal(lxcbox_conf_parse("a\0b", 3, "f", &c, NULL), -EINVAL);
}

static char *read_file(const struct container *c)
{
    cleanup_free char *path = container_path(c, LXCBOX_CONF_NAME);
    char *text = NULL;

    return file_read(AT_FDCWD, path, 65536, &text, NULL) == 0 ? text : NULL;
}

static void changes_keep_comments_and_order(void **state)
{
    char lxcpath[] = "/tmp/lxcbox-unit-XXXXXX";
    const struct container c = {.name = "web", .lxcpath = mkdtemp(lxcpath)};
    cleanup_free char *directory = container_path(&c, NULL), *path = container_path(&c, LXCBOX_CONF_NAME);
    struct forward one = {.protocol = IPPROTO_TCP, .port = 80, .target_port = 8080}, two = one;
    struct lxcbox_conf conf;
    char *text;

    (void)state;
    assert_int_equal(mkdir(directory, 0755), 0);
    assert_int_equal(lxcbox_conf_read(&c, &conf, NULL), 0);
    assert_int_equal(conf.forward_count, 0);
    assert_int_equal(file_replace(AT_FDCWD, path, "# first\nforward = udp 80 1\n# last", 33, 0640), 0);
    assert_int_equal(lxcbox_conf_add_forward(&c, &one, NULL), 0);
    text = read_file(&c);
    assert_string_equal(text, "# first\nforward = udp 80 1\n# last\nforward = tcp 80 8080\n");
    free(text);
    assert_int_equal(lxcbox_conf_add_forward(&c, &one, NULL), -EINVAL);
    two.protocol = IPPROTO_UDP;
    assert_int_equal(lxcbox_conf_remove_forward(&c, &two, NULL), 0);
    assert_int_equal(lxcbox_conf_remove_forward(&c, &two, NULL), -ENOENT);
    text = read_file(&c);
    assert_string_equal(text, "# first\n# last\nforward = tcp 80 8080\n");
    free(text);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(lxcbox_conf_add_forward(&c, &one, NULL), 0);
    assert_int_equal(lxcbox_conf_remove_forward(&c, &one, NULL), 0);
    assert_null(read_file(&c)); /* nothing is left in it */
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(rmdir(lxcpath), 0);
}

static void a_copy_gets_no_forwards(void **state)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;

    (void)state;
    assert_int_equal(lxcbox_conf_copy("# mine\nforward = tcp 80 80\n", &out), 0);
    assert_string_equal(strbuf_text(&out), "");
    assert_int_equal(lxcbox_conf_copy("# mine\nforward = tcp 80 80\nother = 1\n", &out), 0);
    assert_string_equal(strbuf_text(&out), "# mine\nother = 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forwards_are_read_in_order),
        cmocka_unit_test(refused_forgeries_are_read_and_copied),
        cmocka_unit_test(a_bad_line_is_named_and_nothing_is_read),
        cmocka_unit_test(a_port_is_forwarded_once),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(changes_keep_comments_and_order),
        cmocka_unit_test(a_copy_gets_no_forwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
