/* The reader of mountinfo. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/mountinfo.h"

static void a_line_is_taken_apart(void **state)
{
    static const char text[] =
        "36 35 98:0 /mnt1 /a\\040b rw,noatime shared:1 master:22 - ext3 /dev/root rw,errors=continue";
    cleanup_mountinfo struct mountinfo m = {0};

    (void)state;
    assert_int_equal(mountinfo_parse(text, strlen(text), &m), 0);
    assert_int_equal(m.count, 1);
    assert_int_equal(m.items[0].id, 36);
    assert_int_equal(m.items[0].parent, 35);
    assert_string_equal(m.items[0].root, "/mnt1");
    assert_string_equal(m.items[0].mount_point, "/a b");
    assert_string_equal(m.items[0].optional, "shared:1 master:22");
    assert_string_equal(m.items[0].type, "ext3");
    assert_string_equal(m.items[0].super_options, "rw,errors=continue");
    assert_true(mountinfo_has_optional(&m.items[0], "master:"));
    assert_true(mountinfo_has_optional(&m.items[0], "shared:"));
    assert_false(mountinfo_has_optional(&m.items[0], "aster:"));
}

static void a_line_without_optional_fields_has_none(void **state)
{
    static const char text[] = "1 0 0:1 / / rw - tmpfs - rw\n2 1 0:2 / /x rw - proc proc rw\n";
    cleanup_mountinfo struct mountinfo m = {0};

    (void)state;
    assert_int_equal(mountinfo_parse(text, strlen(text), &m), 0);
    assert_int_equal(m.count, 2);
    assert_string_equal(m.items[0].optional, "");
    assert_string_equal(m.items[1].mount_point, "/x");
}

static void malformed_lines_are_skipped(void **state)
{
    static const char text[] = "\n1 2 3\n1 0 0:1 / rel rw - a b c\n1 0 0:1 / /x rw shared:1 tmpfs b c\n"
                               "1 0 0:1 / /z\0y rw - tmpfs b c\n1 0 0:1 / /good rw - tmpfs b c";
    cleanup_mountinfo struct mountinfo m = {0};

    (void)state;
    assert_int_equal(mountinfo_parse(text, sizeof(text) - 1, &m), 0);
    assert_int_equal(m.count, 1);
    assert_string_equal(m.items[0].mount_point, "/good");
}

static void our_own_table_has_a_root(void **state)
{
    cleanup_mountinfo struct mountinfo m = {0};
    struct mountinfo none;
    size_t roots = 0;

    (void)state;
    assert_int_equal(mountinfo_read(AT_FDCWD, "/proc/self/mountinfo", &m), 0);
    for (size_t i = 0; i < m.count; i++)
        roots += strcmp(m.items[i].mount_point, "/") == 0;
    assert_true(roots > 0);
    assert_int_equal(mountinfo_read(AT_FDCWD, "/nowhere/mountinfo", &none), -ENOENT);
}

static void beneath_is_by_whole_names(void **state)
{
    (void)state;
    assert_true(path_is_beneath("/a/b", "/a"));
    assert_true(path_is_beneath("/a", "/a"));
    assert_true(path_is_beneath("/a", "/"));
    assert_false(path_is_beneath("/ab", "/a"));
    assert_false(path_is_beneath("/", "/a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_taken_apart),
        cmocka_unit_test(a_line_without_optional_fields_has_none),
        cmocka_unit_test(malformed_lines_are_skipped),
        cmocka_unit_test(our_own_table_has_a_root),
        cmocka_unit_test(beneath_is_by_whole_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
