/* The generated AppArmor profile: its names and its text. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fnmatch.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/confine/apparmor_profile.h"

static char *text_of(const char *config, const char *space)
{
    cleanup_config struct config c;
    struct strbuf out = STRBUF_INIT;

    config_init(&c);
    assert_int_equal(config_read_text(&c, config, strlen(config), "test", false, NULL), 0);
    assert_int_equal(apparmor_profile_text(&out, "lxc-c_</lxc>", space, &c), 0);
    return strbuf_take(&out);
}

static void a_profile_has_lxcs_name(void **state)
{
    cleanup_free char *name =
        apparmor_profile_name(&(struct container){.name = "c", .lxcpath = "/var/lib/lxc"});

    (void)state;
    assert_string_equal(name, "lxc-c_</var/lib/lxc>");
    apparmor_namespace_name(name);
    assert_string_equal(name, "lxc-c_<-var-lib-lxc>");
}

static void a_name_that_would_be_read_as_policy_is_a_hash(void **state)
{
    const char *const names[] = {"a\" {", "a:b", "a b", "a*", "a\n", "a{b,c}", "@{x}"};
    char long_name[240] = "";

    (void)state;
    memset(long_name, 'x', sizeof(long_name) - 1);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        cleanup_free char *name =
            apparmor_profile_name(&(struct container){.name = names[i], .lxcpath = "/lxc"});
        assert_int_equal(strspn(name, "0123456789abcdef"), 16);
        assert_int_equal(strlen(name), 16);
    }
    cleanup_free char *name =
        apparmor_profile_name(&(struct container){.name = long_name, .lxcpath = "/lxc"});
    assert_int_equal(strlen(name), 16);
    cleanup_free char *hat = apparmor_profile_name(&(struct container){.name = "c", .lxcpath = "/a//b"});
    assert_int_equal(strlen(hat), 16);
}

/* Is `path` matched by one of the alternatives of the rule that begins with `before`? */
static bool denied(const char *text, const char *before, const char *path)
{
    const char *rule = strstr(text, before);
    size_t length = strlen(before);
    bool hit = false;

    assert_non_null(rule);
    rule += length;
    for (const char *end; *rule != '}'; rule = end + (*end == ',')) {
        char pattern[64] = "";

        end = rule + strcspn(rule, ",}");
        strncpy(pattern, rule, (size_t)(end - rule));
        hit = hit || fnmatch(pattern, path, FNM_PATHNAME | FNM_LEADING_DIR) == 0;
    }
    return hit;
}

static void only_what_is_the_containers_own_may_be_written(void **state)
{
    const char *const allowed[] = {"kernel/hostname",
                                   "kernel/domainname",
                                   "kernel/shmmax",
                                   "kernel/msgmax",
                                   "kernel/sem",
                                   "net/ipv4/ip_forward",
                                   "net"};
    const char *const forbidden[] = {
        "kernel/core_pattern", "kernel/hostname2", "kernel/hotplug", "vm/swappiness",
        "kernel/sysrq",        "kernel2",          "fs/file-max",    "netfoo"};
    cleanup_free char *text = text_of("", "ns");

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++)
        if (denied(text, "deny /proc/sys/{", allowed[i]))
            fail_msg("%s is denied", allowed[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(forbidden); i++)
        if (!denied(text, "deny /proc/sys/{", forbidden[i]))
            fail_msg("%s is allowed", forbidden[i]);
    assert_true(denied(text, "deny /sys/{", "block/sda"));
    assert_true(denied(text, "deny /sys/{", "devices/virtual/block"));
    assert_false(denied(text, "deny /sys/{", "devices/virtual/net/eth0"));
    assert_false(denied(text, "deny /sys/{", "fs/cgroup/x"));
    assert_true(denied(text, "deny /sys/{", "kernel/security/selinux"));
    assert_false(denied(text, "deny /sys/{", "kernel/security/apparmor/policy"));
}

static void nesting_allows_to_mount_and_hides_the_helpers(void **state)
{
    cleanup_free char *without = text_of("", "ns");
    cleanup_free char *with = text_of("lxc.apparmor.allow_nesting = 1\n", "ns");

    (void)state;
    assert_null(strstr(without, "\nmount,\n"));
    assert_non_null(strstr(with, "\nmount,\n"));
    assert_non_null(strstr(with, "deny /dev/.lxc/{proc,sys}/** rw,\n"));
    assert_null(strstr(with, "deny /proc/sys/{"));
    assert_non_null(strstr(with, "sysrq-trigger"));
}

static void a_namespace_may_be_entered_and_without_one_policy_is_out_of_reach(void **state)
{
    cleanup_free char *with = text_of("", "lxc-c_<-lxc>");
    cleanup_free char *without = text_of("", NULL);

    (void)state;
    assert_non_null(strstr(with, "change_profile -> \":lxc-c_<-lxc>:*\",\n"));
    assert_null(strstr(without, "change_profile"));
    assert_non_null(strstr(without, "deny /sys/kernel{,/**} rwklx,\n"));
    assert_true(denied(without, "deny /sys/{", "kernel/security/apparmor/policy"));
}

static void raw_lines_come_last(void **state)
{
    cleanup_free char *text = text_of("lxc.apparmor.raw = deny /a w,\nlxc.apparmor.raw = deny /b w,\n", NULL);

    (void)state;
    assert_true(ends_with(text, "\ndeny /a w,\ndeny /b w,\n}\n"));
    assert_true(starts_with(text, "#include <tunables/global>\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_has_lxcs_name),
        cmocka_unit_test(a_name_that_would_be_read_as_policy_is_a_hash),
        cmocka_unit_test(only_what_is_the_containers_own_may_be_written),
        cmocka_unit_test(nesting_allows_to_mount_and_hides_the_helpers),
        cmocka_unit_test(a_namespace_may_be_entered_and_without_one_policy_is_out_of_reach),
        cmocka_unit_test(raw_lines_come_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
