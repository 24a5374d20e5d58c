/* Configuration files edited with a user's comments and order kept; and files from before LXC 3.0. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/edit.h"
#include "core/config/legacy.h"

static const char original[] = "# mine\n"
                               "lxc.uts.name = a\n"
                               "  lxc.tty.max=2\n"
                               "#lxc.uts.name = old\n"
                               "\n"
                               "lxc.net.0.type = veth\n"
                               "lxc.net.0.hwaddr = 00:16:3e:00:00:01\n"
                               "lxc.net.10.type = none\n"
                               "lxc.uts.name = \"b c\" \n"
                               "# end";

static void start(struct strbuf *b)
{
    assert_int_equal(strbuf_puts(b, original), 0);
}

static void setting_changes_the_first_and_drops_later_ones(void **state)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;

    (void)state;
    start(&b);
    assert_int_equal(config_text_set(&b, "lxc.uts.name", "new"), 0);
    assert_string_equal(strbuf_text(&b), "# mine\n"
                                         "lxc.uts.name = new\n"
                                         "  lxc.tty.max=2\n"
                                         "#lxc.uts.name = old\n"
                                         "\n"
                                         "lxc.net.0.type = veth\n"
                                         "lxc.net.0.hwaddr = 00:16:3e:00:00:01\n"
                                         "lxc.net.10.type = none\n"
                                         "# end");
}

static void setting_what_is_not_there_adds_a_line(void **state)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;

    (void)state;
    assert_int_equal(strbuf_puts(&b, "# end"), 0);
    assert_int_equal(config_text_set(&b, "lxc.uts.name", "x"), 0);
    assert_int_equal(config_text_set(&b, "lxc.hook.start", ""), 0);
    assert_string_equal(strbuf_text(&b), "# end\nlxc.uts.name = x\nlxc.hook.start =\n");
}

static void removing_takes_a_key_or_a_family(void **state)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;

    (void)state;
    start(&b);
    assert_int_equal(config_text_remove(&b, "lxc.uts.name"), 0);
    assert_int_equal(config_text_remove(&b, "lxc.net.0."), 0);
    assert_int_equal(config_text_remove(&b, "lxc.tty"), 0);
    assert_string_equal(strbuf_text(&b), "# mine\n"
                                         "  lxc.tty.max=2\n"
                                         "#lxc.uts.name = old\n"
                                         "\n"
                                         "lxc.net.10.type = none\n"
                                         "# end");
}

static void the_last_assignment_is_what_a_key_reads_as(void **state)
{
    cleanup_strbuf struct strbuf value = STRBUF_INIT;

    (void)state;
    assert_int_equal(config_text_get(original, "lxc.uts.name", &value), 0);
    assert_string_equal(strbuf_text(&value), "b c");
    assert_int_equal(config_text_get(original, "lxc.uts", &value), -ENOENT);
}

static void a_new_hwaddr_replaces_each_old_one(void **state)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT, value = STRBUF_INIT;

    (void)state;
    start(&b);
    assert_int_equal(config_text_new_hwaddr(&b), 0);
    assert_int_equal(config_text_get(strbuf_text(&b), "lxc.net.0.hwaddr", &value), 0);
    assert_true(starts_with(strbuf_text(&value), "00:16:3e:"));
    assert_int_equal(value.length, 17);
    assert_string_not_equal(strbuf_text(&value), "00:16:3e:00:00:01");
}

static void templates_of_an_hwaddr_are_filled_and_others_stay(void **state)
{
    static const char others[] = "#lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n"
                                 "lxc.net.0.hwaddr = 00:16:3e:00:00:01\nlxc.net.1.hwaddr = xx\n";
    cleanup_strbuf struct strbuf b = STRBUF_INIT, value = STRBUF_INIT;

    (void)state;
    assert_int_equal(strbuf_puts(&b, others), 0);
    assert_int_equal(config_text_append(&b, "lxc.net.2.hwaddr", "4a:xx:3e:XX:xx:01"), 0);
    assert_int_equal(config_text_expand_hwaddr(&b), 0);
    assert_memory_equal(strbuf_text(&b), others, strlen(others));
    assert_int_equal(config_text_get(strbuf_text(&b), "lxc.net.2.hwaddr", &value), 0);
    assert_null(strpbrk(strbuf_text(&value), "xX"));
    assert_true(starts_with(strbuf_text(&value), "4a:") && ends_with(strbuf_text(&value), ":01"));
}

static void a_file_from_before_lxc_3_is_brought_up_to_date(void **state)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;

    (void)state;
    assert_int_equal(legacy_update("# mine\n"
                                   "lxc.include = /x\n"
                                   "lxc.rootfs = /r\n"
                                   "lxc.rootfs.backend = overlay\n"
                                   "  lxc.utsname=a\n"
                                   "#lxc.tty = 4\n"
                                   "lxc.kmsg = 0\n"
                                   "lxc.network.type = veth\n"
                                   "lxc.network.ipv4 = 10.0.3.2/24\n"
                                   "lxc.network.ipv4.gateway = auto\n"
                                   "\n"
                                   "lxc.network.type = empty\n"
                                   "lxc.network.3.ipv6 = ::1\n"
                                   "lxc.limit.nofile = 10\n"
                                   "lxc.mount.entry = a b c",
                                   &b),
                     0);
    assert_string_equal(strbuf_text(&b), "# mine\n"
                                         "lxc.include = /x\n"
                                         "lxc.rootfs.path = overlay:/r\n"
                                         "  lxc.uts.name=a\n"
                                         "#lxc.tty.max = 4\n"
                                         "lxc.net.0.type = veth\n"
                                         "lxc.net.0.ipv4.address = 10.0.3.2/24\n"
                                         "lxc.net.0.ipv4.gateway = auto\n"
                                         "\n"
                                         "lxc.net.1.type = empty\n"
                                         "lxc.net.3.ipv6.address = ::1\n"
                                         "lxc.prlimit.nofile = 10\n"
                                         "lxc.mount.entry = a b c\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_changes_the_first_and_drops_later_ones),
        cmocka_unit_test(setting_what_is_not_there_adds_a_line),
        cmocka_unit_test(removing_takes_a_key_or_a_family),
        cmocka_unit_test(the_last_assignment_is_what_a_key_reads_as),
        cmocka_unit_test(a_new_hwaddr_replaces_each_old_one),
        cmocka_unit_test(templates_of_an_hwaddr_are_filled_and_others_stay),
        cmocka_unit_test(a_file_from_before_lxc_3_is_brought_up_to_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
