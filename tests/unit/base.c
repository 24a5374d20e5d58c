/* The base: errors, strings, files, options. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/options.h"
#include "core/base/path.h"
#include "core/base/str.h"

static void an_error_carries_cause_and_remedy(void **state)
{
    struct error err = ERROR_INIT;
    char line[800];

    (void)state;
    assert_int_equal(error_set(&err, ENODEV, "cannot attach %s", "veth"), -ENODEV);
    error_remedy(&err, "make the bridge");
    assert_int_equal(error_context(&err, "test"), -ENODEV);
    assert_string_equal(error_format(&err, line, sizeof(line)),
                        "test: cannot attach veth: No such device (make the bridge)");
}

static void an_error_is_one_line_without_control_bytes(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    char line[64];

    error_text(&err, EINVAL, "no container \"a\nb\x1b[2J\"");
    assert_string_equal(error_format(&err, line, sizeof(line)), "no container \"a?b?[2J\"");
}

static void an_error_longer_than_its_room_is_cut_and_terminated(void **state)
{
    struct error err = ERROR_INIT;
    char longer[2000];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    error_set(&err, ENOENT, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void a_string_buffer_grows_and_stays_terminated(void **state)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(strbuf_printf(&b, "%d,", i), 0);
    assert_int_equal(b.length, 3890);
    assert_int_equal(b.text[b.length], '\0');
}

static void numbers_are_whole_strings_in_range(void **state)
{
    int64_t n;
    uint64_t u;

    (void)state;
    assert_int_equal(parse_int64("-5", 10, -10, 10, &n), 0);
    assert_int_equal(n, -5);
    assert_int_equal(parse_int64("11", 10, -10, 10, &n), -ERANGE);
    assert_int_equal(parse_int64("5x", 10, -10, 10, &n), -EINVAL);
    assert_int_equal(parse_int64("", 10, -10, 10, &n), -EINVAL);
    assert_int_equal(parse_uint64("-1", 10, UINT64_MAX, &u), -EINVAL);
    assert_int_equal(parse_uint64("18446744073709551616", 10, UINT64_MAX, &u), -ERANGE);
}

struct sample {
    bool flag;
    const char *text;
    int number;
    struct string_list list;
};

static const struct option_row table[] = {
    OPT_FLAG('f', "flag", struct sample, flag, "a flag"),
    OPT_STRING('t', "text", "TEXT", struct sample, text, "a text"),
    OPT_INT('i', "number", "N", struct sample, number, "a number"),
    OPT_LIST('l', "list", "ITEM", struct sample, list, "a list"),
    OPT_END,
};

static int parse(struct sample *s, bool stop, int *operands, char **argv, struct error *err)
{
    int argc = 0;
    bool help, version;

    while (argv[argc])
        argc++;
    return options_parse(table, stop, s, argc, argv, operands, &help, &version, err);
}

static void options_come_in_every_spelling(void **state)
{
    struct sample s = {0};
    struct error err = ERROR_INIT;
    int operands;
    char *argv[] = {"x", "one", "-ft", "a", "--num=7", "-lb", "two", "--list", "c", "--", "-f", NULL};

    (void)state;
    assert_int_equal(parse(&s, false, &operands, argv, &err), 0);
    assert_true(s.flag);
    assert_string_equal(s.text, "a");
    assert_int_equal(s.number, 7);
    assert_int_equal(s.list.count, 2);
    assert_int_equal(operands, 3);
    assert_string_equal(argv[3], "-f");
    assert_null(argv[4]);
    options_free(table, &s);
}

static void options_end_at_the_first_operand_when_told(void **state)
{
    struct sample s = {0};
    struct error err = ERROR_INIT;
    int operands;
    char *argv[] = {"x", "command", "-f", NULL};

    (void)state;
    assert_int_equal(parse(&s, true, &operands, argv, &err), 0);
    assert_false(s.flag);
    assert_int_equal(operands, 2);
}

static void bad_options_are_refused_by_name(void **state)
{
    static char *const bad[][3] = {
        {"x", "-z", NULL}, {"x", "--text", NULL}, {"x", "-ix", NULL}, {"x", "--flag=1", NULL}};
    static const char *const said[] = {"unknown option \"-z\"", "option \"--text\" needs a value",
                                       "option -i takes a whole number, not \"x\"",
                                       "option \"--flag=1\" takes no value"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct sample s = {0};
        struct error err = ERROR_INIT;
        int operands;
        char *argv[3] = {bad[i][0], bad[i][1], NULL};

        assert_int_equal(parse(&s, false, &operands, argv, &err), -EINVAL);
        assert_string_equal(err.text, said[i]);
    }
}

static char folder[] = "/tmp/lxcbox-unit.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/lxcbox-unit.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return remove_tree(AT_FDCWD, folder);
}

static void a_file_is_replaced_whole(void **state)
{
    cleanup_fd int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *text = NULL;
    size_t length;

    (void)state;
    assert_int_equal(file_replace(dir, "f", "old", 3, 0600), 0);
    assert_int_equal(file_replace(dir, "f", "newer", 5, 0644), 0);
    assert_int_equal(file_read(dir, "f", 100, &text, &length), 0);
    assert_string_equal(text, "newer");
    assert_int_equal(file_read(dir, "f", 4, &text, &length), -EFBIG);
}

static void removing_a_tree_follows_no_link(void **state)
{
    cleanup_fd int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    assert_int_equal(mkdirat(dir, "kept", 0755), 0);
    assert_int_equal(file_replace(dir, "kept/f", "x", 1, 0600), 0);
    assert_int_equal(mkdirat(dir, "gone", 0755), 0);
    assert_int_equal(symlinkat("../kept", dir, "gone/link"), 0);
    assert_int_equal(remove_tree(dir, "gone"), 0);
    assert_int_equal(faccessat(dir, "kept/f", F_OK, 0), 0);
    assert_int_equal(faccessat(dir, "gone", F_OK, 0), -1);
}

static void a_path_cannot_leave_the_rootfs(void **state)
{
    cleanup_fd int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int root = -1, file = -1, other = -1, inside = -1;
    struct stat made, wanted;

    (void)state;
    assert_int_equal(mkdirat(dir, "root", 0755), 0);
    assert_int_equal(file_replace(dir, "secret", "s", 1, 0600), 0);
    root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(symlinkat("../secret", root, "up"), 0);
    assert_int_equal(symlinkat("/etc", root, "host"), 0);
    assert_int_equal(rootfs_open(root, "up", O_RDONLY, 0), -ENOENT);
    assert_int_equal(rootfs_open(root, "../../secret", O_RDONLY, 0), -ENOENT);
    assert_int_equal(rootfs_open(root, "host/passwd", O_RDONLY, 0), -ENOENT);
    assert_int_equal(mkdirat(root, "a", 0755), 0);
    other = rootfs_make_file(root, "a/../../../c/f", 0600);
    assert_true(other >= 0);
    assert_int_equal(faccessat(root, "c/f", F_OK, 0), 0);
    file = rootfs_make_file(root, "/x/y/f", 0600);
    assert_true(file >= 0);
    inside = openat(dir, "root/x/y/f", O_PATH | O_CLOEXEC);
    assert_int_equal(fstat(file, &made), 0);
    assert_int_equal(fstat(inside, &wanted), 0);
    assert_int_equal(made.st_ino, wanted.st_ino);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_carries_cause_and_remedy),
        cmocka_unit_test(an_error_is_one_line_without_control_bytes),
        cmocka_unit_test(an_error_longer_than_its_room_is_cut_and_terminated),
        cmocka_unit_test(a_string_buffer_grows_and_stays_terminated),
        cmocka_unit_test(numbers_are_whole_strings_in_range),
        cmocka_unit_test(options_come_in_every_spelling),
        cmocka_unit_test(options_end_at_the_first_operand_when_told),
        cmocka_unit_test(bad_options_are_refused_by_name),
        cmocka_unit_test_setup_teardown(a_file_is_replaced_whole, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(removing_a_tree_follows_no_link, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_path_cannot_leave_the_rootfs, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
