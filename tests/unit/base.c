/* The base: errors, strings, files, options. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/executable.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/process.h"
#include "applets/cli/options.h"
#include "core/base/str.h"
#include "tests/unit/skip.h"

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

/* The text, with the name before it where it does not name the container itself. */
static const char *named(const char *text, const char *name)
{
    static struct error err;

    error_text(&err, EINVAL, "%s", text);
    assert_int_equal(error_name(&err, name), -EINVAL);
    return err.text;
}

static void an_error_names_its_object_once(void **state)
{
    (void)state;
    assert_string_equal(named("cannot execute x", "web"), "web: cannot execute x");
    assert_string_equal(named("web is already running", "web"), "web is already running");
    assert_string_equal(named("website is not there", "web"), "web: website is not there");
    assert_string_equal(named("the end of init of web: late", "web"), "the end of init of web: late");
    assert_string_equal(named("the end of webs", "web"), "web: the end of webs");
    assert_string_equal(named("", "web"), "web: ");
    assert_int_equal(error_name(NULL, "web"), -EINVAL);
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

static void who_wants_no_error_gets_the_code_alone(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, -ENODEV, "x"), -ENODEV);
    assert_int_equal(error_text(NULL, 0, "x"), -EINVAL);
    assert_int_equal(error_remedy(NULL, "x"), -EINVAL);
    assert_int_equal(error_context(NULL, "x"), -EINVAL);
    error_clear(NULL);
}

static void a_cleared_error_is_as_new(void **state)
{
    struct error err = ERROR_INIT;
    const struct error none = ERROR_INIT;

    (void)state;
    error_set(&err, EPERM, "x");
    error_remedy(&err, "y");
    error_clear(&err);
    assert_int_equal(err.code, none.code);
    assert_string_equal(err.text, "");
    assert_string_equal(err.remedy, "");
}

/* From a monitor or a child that is not ours: the least number has no positive counterpart. */
static void a_number_that_is_no_errno_is_a_protocol_error(void **state)
{
    struct error err = ERROR_INIT, sent = {.code = -100000, .text = "x"};

    (void)state;
    assert_int_equal(error_set(&err, INT32_MIN, "x"), -EPROTO);
    assert_int_equal(error_text(&err, INT32_MAX, "x"), -EPROTO);
    assert_int_equal(error_set(&err, -4095, "x"), -4095);
    assert_int_equal(error_copy(&err, &sent), -EPROTO);
    sent.code = INT32_MIN;
    assert_int_equal(error_copy(NULL, &sent), -EPROTO);
}

static void a_report_of_a_child_is_terminated(void **state)
{
    struct error sent = {.code = -EPERM}, err;
    struct process child = PROCESS_INIT;
    int fds[2];

    (void)state;
    memset(sent.text, 't', sizeof(sent.text));
    memset(sent.remedy, 'r', sizeof(sent.remedy));
    memset(&err, 'x', sizeof(err));
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(write_all(fds[1], &sent, sizeof(sent)), 0);
    close(fds[1]);
    child.report = fds[0];
    assert_int_equal(process_report(&child, &err), -EPERM);
    assert_int_equal(strnlen(err.text, sizeof(err.text)), sizeof(err.text) - 1);
    assert_int_equal(strnlen(err.remedy, sizeof(err.remedy)), sizeof(err.remedy) - 1);
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

static void a_string_buffer_that_is_empty_is_a_string(void **state)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;
    cleanup_free char *taken = NULL;

    (void)state;
    assert_string_equal(strbuf_text(&b), "");
    assert_int_equal(strbuf_add(&b, "a\0b", 3), 0);
    assert_int_equal(b.length, 3);
    assert_int_equal(strbuf_add(&b, "x", SIZE_MAX), -ENOMEM);
    assert_int_equal(b.length, 3);
    free(strbuf_take(&b));
    taken = strbuf_take(&b);
    assert_string_equal(taken, "");
}

static void an_elf_file_names_its_architecture(void **state)
{
    /* e_ident: magic, class, byte order; e_machine is bytes 18 and 19. */
    static const struct {
        uint8_t class, data, machine[2];
        const char *name;
    } rows[] = {
        {2, 1, {62, 0}, "x86_64"},
        {1, 1, {62, 0}, "x32"},
        {1, 1, {3, 0}, "i386"},
        {2, 1, {183, 0}, "aarch64"},
        {1, 1, {40, 0}, "arm"},
        {2, 1, {243, 0}, "riscv64"},
        {2, 1, {21, 0}, "ppc64le"},
        {2, 2, {0, 21}, "ppc64"},
        {2, 2, {0, 22}, "s390x"},
        {1, 1, {8, 0}, "mipsel"},
        {1, 2, {0, 8}, "mips"},
        {2, 1, {2, 1}, "loongarch64"},
        {2, 1, {77, 77}, "an unknown architecture"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        uint8_t head[20] = {0x7f, 'E', 'L', 'F', rows[i].class, rows[i].data};
        memcpy(head + 18, rows[i].machine, 2);
        assert_string_equal(executable_architecture(head, sizeof(head)), rows[i].name);
        assert_null(executable_architecture(head, sizeof(head) - 1));
    }
    assert_null(executable_architecture("#!/bin/sh and what follows", 26));
}

static void a_string_list_serves_as_an_argv(void **state)
{
    cleanup_string_list struct string_list l = {0};

    (void)state;
    assert_int_equal(string_list_add(&l, "a"), 0);
    assert_int_equal(string_list_take(&l, format_string("%d", 7)), 0);
    assert_int_equal(string_list_take(&l, NULL), -ENOMEM);
    assert_true(string_list_has(&l, "7"));
    assert_false(string_list_has(&l, "b"));
    assert_int_equal(l.count, 2);
    assert_null(l.items[2]);
    assert_true(starts_with("abc", "ab") && !starts_with("a", "ab"));
    assert_true(ends_with("abc", "bc") && !ends_with("c", "bc"));
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

static void assert_printable(const char *text, const char *printable)
{
    char bytes[64];

    snprintf(bytes, sizeof(bytes), "%s", text);
    assert_int_equal(text_has_control(text), strcmp(text, printable) != 0);
    text_make_printable(bytes, strlen(bytes), "\t");
    assert_string_equal(bytes, printable);
}

static void what_a_terminal_would_obey_is_no_part_of_a_printable_text(void **state)
{
    (void)state;
    assert_printable("a\tb", "a\tb");
    assert_printable("a\nb\x1b[2J\x7f", "a?b?[2J?");
    assert_printable("\xc2\x9b"
                     "2J",
                     "??2J"); /* U+009B */
    assert_printable("\x9b"
                     "2J \x80 \xa0",
                     "?2J ? \xa0");
    assert_printable("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8e", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8e");
    assert_printable("\xe0\x82\x9b \xf0\x80\x82\x9b \xc0\x9b",
                     "\xe0?? \xf0??? \xc0?"); /* too long for U+009B */
    assert_printable("\xe2\x82", "\xe2?");    /* cut off */
}

static void a_path_of_a_table_of_mounts_is_unescaped(void **state)
{
    char path[] = "/a\\040b\\011\\134040\\012", plain[] = "\\000\\400\\08\\04";

    (void)state;
    text_unescape(path);
    assert_string_equal(path, "/a b\t\\040\n");
    text_unescape(plain);
    assert_string_equal(plain, "\\000\\400\\08\\04");
}

static void only_the_named_fds_stay_open(void **state)
{
    int fds[4], kept[] = {-1, 0, 0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++)
        assert_true((fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
    kept[1] = fds[3];
    kept[2] = fds[1];
    close_others(kept, ARRAY_LENGTH(kept));
    for (size_t i = 0; i < ARRAY_LENGTH(fds); i++)
        assert_int_equal(fcntl(fds[i], F_GETFD) >= 0, i % 2);
    close(fds[1]);
    close(fds[3]);
}

static void a_word_of_a_line_is_found_by_its_number(void **state)
{
    char word[5];

    (void)state;
    assert_true(line_word("  one two\tthree\nfour", 0, word, sizeof(word)));
    assert_string_equal(word, "one");
    assert_true(line_word("one  two\tthree", 1, word, sizeof(word)));
    assert_string_equal(word, "two");
    assert_false(line_word("one two\tthree", 2, word, sizeof(word))); /* too long */
    assert_false(line_word("one two \nfour", 2, word, sizeof(word)));
    assert_false(line_word("", 0, word, sizeof(word)));
    assert_false(line_word("one", 3, word, sizeof(word)));
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

struct nested {
    const char *optional;
    int set;
    struct sample inner;
};

static const struct option_row nested_table[] = {
    OPT_OPTIONAL('e', "elevated", "WHAT", struct nested, optional, "with or without a value"),
    OPT_SET('s', "seven", struct nested, set, 7, "set a number"),
    OPT_GROUP(table, struct nested, inner),
    OPT_END,
};

static void a_value_may_be_left_out_where_it_is_optional(void **state)
{
    char *argv[] = {"x", "-e", "one", "--elevated=a=b", "-seX", "-i", "-5", "--fl", NULL};
    struct nested n = {0};
    struct error err = ERROR_INIT;
    bool help, version;
    int operands;

    (void)state;
    assert_int_equal(options_parse(nested_table, false, &n, 3, argv, &operands, &help, &version, &err), 0);
    assert_string_equal(n.optional, "");
    assert_int_equal(operands, 1);
    argv[2] = "one";
    assert_int_equal(options_parse(nested_table, false, &n, 4, argv, &operands, &help, &version, &err), 0);
    assert_string_equal(n.optional, "a=b");
    char *rest[] = {"x", "-seX", "-i", "-5", "--fl", NULL};
    assert_int_equal(options_parse(nested_table, false, &n, 5, rest, &operands, &help, &version, &err), 0);
    assert_string_equal(n.optional, "X");
    assert_int_equal(n.set, 7);
    assert_int_equal(n.inner.number, -5);
    assert_true(n.inner.flag);
}

static const struct option_row long_table[] = {
    OPT_OPTIONAL_LONG('u', "uts", "FILE", struct nested, optional, "a value with the long name only"),
    OPT_SET('s', "seven", struct nested, set, 7, "set a number"),
    OPT_END,
};

static void a_letter_takes_no_value_where_only_the_long_name_does(void **state)
{
    char *letters[] = {"x", "-us", NULL}, *name[] = {"x", "--uts=file", NULL},
         *empty[] = {"x", "--uts=", NULL};
    cleanup_strbuf struct strbuf list = STRBUF_INIT;
    struct nested n = {0};
    struct error err = ERROR_INIT;
    bool help, version;
    int operands;

    (void)state;
    assert_int_equal(options_parse(long_table, false, &n, 2, letters, &operands, &help, &version, &err), 0);
    assert_string_equal(n.optional, "");
    assert_int_equal(n.set, 7);
    assert_int_equal(options_parse(long_table, false, &n, 2, name, &operands, &help, &version, &err), 0);
    assert_string_equal(n.optional, "file");
    assert_int_equal(options_parse(long_table, false, &n, 2, empty, &operands, &help, &version, &err),
                     -EINVAL);
    assert_string_equal(err.text, "option \"--uts=\" has an empty value");
    assert_int_equal(options_list(long_table, &list), 0);
    assert_string_equal(list.text, "-u\n--uts FILE\n-s\n--seven\n");
}

static void help_and_version_end_the_parsing(void **state)
{
    static char *const asked[][3] = {{"x", "-h", "-z"}, {"x", "-f?", "-z"}, {"x", "--usage", "-z"}};
    char *ask_version[] = {"x", "--version", "-z", NULL};
    struct sample s = {0};
    bool help, version;
    int operands;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(asked); i++) {
        char *argv[] = {asked[i][0], asked[i][1], asked[i][2], NULL};
        assert_int_equal(options_parse(table, false, &s, 3, argv, &operands, &help, &version, NULL), 0);
        assert_true(help && !version);
    }
    assert_int_equal(options_parse(table, false, &s, 3, ask_version, &operands, &help, &version, NULL), 0);
    assert_true(version && !help);
}

static const struct option_row ambiguous[] = {
    OPT_FLAG(0, "first", struct sample, flag, "one"),
    OPT_STRING(0, "firm", "TEXT", struct sample, text, "another"),
    OPT_INT(0, "old", "N", struct sample, number, NULL),
    OPT_END,
};

static const struct option_row one_dash[] = {
    OPT_ONE_DASH,
    OPT_FLAG(0, "first", struct sample, flag, "one"),
    OPT_STRING(0, "firm", "TEXT", struct sample, text, "another"),
    OPT_END,
};

static void an_abbreviation_must_fit_one_option(void **state)
{
    char *argv[] = {"x", "--fir", NULL}, *with_one_dash[] = {"x", "-fir", NULL};
    struct error err = ERROR_INIT;
    struct sample s = {0};
    bool help, version;
    int operands;

    (void)state;
    assert_int_equal(options_parse(ambiguous, false, &s, 2, argv, &operands, &help, &version, &err), -EINVAL);
    assert_string_equal(err.text, "option \"--fir\" is ambiguous");
    /* ip's way: the first. */
    assert_int_equal(options_parse(one_dash, false, &s, 2, with_one_dash, &operands, &help, &version, &err),
                     0);
    assert_true(s.flag);
}

static void what_is_listed_is_what_is_parsed(void **state)
{
    cleanup_strbuf struct strbuf list = STRBUF_INIT, help = STRBUF_INIT;

    (void)state;
    assert_int_equal(options_list(nested_table, &list), 0);
    assert_int_equal(options_list(ambiguous, &list), 0); /* an old spelling is not shown */
    assert_string_equal(list.text, "-e WHAT\n--elevated WHAT\n-s\n--seven\n-f\n--flag\n-t TEXT\n--text TEXT\n"
                                   "-i N\n--number N\n-l ITEM\n--list ITEM\n--first\n--firm TEXT\n");
    assert_int_equal(options_help(nested_table, &help), 0);
    assert_non_null(strstr(help.text, "  -e, --elevated[=WHAT]          with or without a value\n"));
    assert_non_null(strstr(help.text, "  -t, --text=TEXT "));
}

static char directory[] = "/tmp/lxcbox-unit.XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/lxcbox-unit.XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return remove_tree(AT_FDCWD, directory);
}

static void a_file_is_replaced_whole(void **state)
{
    cleanup_fd int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *text = NULL;
    size_t length;

    (void)state;
    assert_int_equal(file_replace(dir, "f", "old", 3, 0600), 0);
    assert_int_equal(file_replace(dir, "f", "newer", 5, 0644), 0);
    assert_int_equal(file_read(dir, "f", 100, &text, &length), 0);
    assert_string_equal(text, "newer");
    assert_int_equal(file_read(dir, "f", 4, &text, &length), -EFBIG);
}

static void a_replacement_that_fails_leaves_nothing(void **state)
{
    cleanup_fd int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *text = NULL, *temporary = format_string("f.%d.new", getpid());
    struct stat st;

    (void)state;
    assert_int_equal(mkdirat(dir, "d", 0755), 0);
    assert_int_equal(mkdirat(dir, "d/x", 0755), 0);
    assert_int_equal(file_replace(dir, "d", "x", 1, 0600), -EISDIR);
    assert_int_equal(remove_tree(dir, "d"), 0);
    /* A link in the way is not written through. */
    assert_int_equal(file_replace(dir, "kept", "k", 1, 0600), 0);
    assert_int_equal(symlinkat("kept", dir, temporary), 0);
    assert_int_equal(file_replace(dir, "f", "new", 3, 0600), 0);
    assert_int_equal(file_read(dir, "kept", 10, &text, NULL), 0);
    assert_string_equal(text, "k");
    /* Nor is a FIFO waited for. */
    assert_int_equal(mkfifoat(dir, temporary, 0600), 0);
    assert_int_equal(file_replace(dir, "f", "new", 3, 0600), 0);
    /* The mode is the one asked for, whatever the umask. */
    mode_t before = umask(077);
    assert_int_equal(file_replace(dir, "f", "new", 3, 0666), 0);
    umask(before);
    assert_int_equal(fstatat(dir, "f", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0666);
    cleanup_dir DIR *listing = opendir(directory);
    for (struct dirent *e; (e = readdir(listing));)
        assert_true(e->d_name[0] == '.' || !strcmp(e->d_name, "f") || !strcmp(e->d_name, "kept"));
}

static void a_kernel_file_is_never_created(void **state)
{
    cleanup_fd int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    assert_int_equal(file_write_value(dir, "absent", "1"), -ENOENT);
    assert_int_equal(faccessat(dir, "absent", F_OK, 0), -1);
}

static void directories_are_made_as_deep_as_asked(void **state)
{
    cleanup_free char *path = format_string("%s/a//b/c", directory), *file = format_string("%s/f", directory);
    cleanup_free char *beneath = format_string("%s/f/x", directory);

    (void)state;
    assert_int_equal(make_directories(path, 0755), 0);
    assert_int_equal(make_directories(path, 0755), 0);
    assert_int_equal(file_replace(AT_FDCWD, file, "", 0, 0600), 0);
    assert_int_equal(make_directories(file, 0755), -ENOTDIR);
    assert_int_equal(make_directories(beneath, 0755), -ENOTDIR);
    assert_int_equal(make_directories("", 0755), -ENOENT);
}

static void a_tree_of_any_depth_is_removed(void **state)
{
    cleanup_fd int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int at = -1;

    (void)state;
    assert_int_equal(mkdirat(dir, "deep", 0755), 0);
    at = openat(dir, "deep", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(at, ".deep.0", 0755), 0);
    assert_int_equal(mkdirat(at, ".deep.0/x", 0755), 0);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(mkdirat(at, "d", 0755), 0);
        int next = openat(at, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close_fd(&at);
        at = next;
    }
    assert_int_equal(remove_tree(dir, "deep"), 0);
    assert_int_equal(faccessat(dir, "deep", F_OK, 0), -1);
    assert_int_equal(remove_tree(dir, "deep"), 0);
}

/* A mount of the same file system has the same device: what is bound into a container is somebody's data. */
static void removing_a_tree_enters_no_mount(void **state)
{
    cleanup_free char *from = format_string("%s/data", directory),
                      *to = format_string("%s/tree/a/b", directory);
    cleanup_fd int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    assert_int_equal(make_directories(to, 0755), 0);
    assert_int_equal(mkdirat(dir, "data", 0755), 0);
    assert_int_equal(file_replace(dir, "data/f", "x", 1, 0600), 0);
    if (mount(from, to, NULL, MS_BIND, NULL) < 0)
        SKIP("mounts may not be made here");
    int inside = remove_tree(dir, "tree"), itself = remove_tree(dir, "tree/a/b");
    umount2(to, MNT_DETACH);
    assert_int_equal(inside, -EBUSY);
    assert_int_equal(itself, -EBUSY);
    assert_int_equal(faccessat(dir, "data/f", F_OK, 0), 0);
    assert_int_equal(remove_tree(dir, "tree"), 0);
}

static void removing_a_tree_follows_no_link(void **state)
{
    cleanup_fd int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    assert_int_equal(mkdirat(dir, "kept", 0755), 0);
    assert_int_equal(file_replace(dir, "kept/f", "x", 1, 0600), 0);
    assert_int_equal(mkdirat(dir, "gone", 0755), 0);
    assert_int_equal(symlinkat("../kept", dir, "gone/link"), 0);
    assert_int_equal(remove_tree(dir, "gone"), 0);
    assert_int_equal(faccessat(dir, "kept/f", F_OK, 0), 0);
    assert_int_equal(faccessat(dir, "gone", F_OK, 0), -1);
}

static void the_code_is_returned_without_an_error_object(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, ENODEV, "x"), -ENODEV);
    assert_int_equal(error_remedy(NULL, "y"), -ENODEV);
    assert_int_equal(error_context(NULL, "z"), -ENODEV);
    error_text(NULL, EBUSY, "x");
    assert_int_equal(error_remedy(NULL, "y"), -EBUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_carries_cause_and_remedy),
        cmocka_unit_test(the_code_is_returned_without_an_error_object),
        cmocka_unit_test(an_error_names_its_object_once),
        cmocka_unit_test(an_error_is_one_line_without_control_bytes),
        cmocka_unit_test(an_error_longer_than_its_room_is_cut_and_terminated),
        cmocka_unit_test(who_wants_no_error_gets_the_code_alone),
        cmocka_unit_test(a_cleared_error_is_as_new),
        cmocka_unit_test(a_number_that_is_no_errno_is_a_protocol_error),
        cmocka_unit_test(a_report_of_a_child_is_terminated),
        cmocka_unit_test(a_string_buffer_that_is_empty_is_a_string),
        cmocka_unit_test(an_elf_file_names_its_architecture),
        cmocka_unit_test(a_string_list_serves_as_an_argv),
        cmocka_unit_test(a_value_may_be_left_out_where_it_is_optional),
        cmocka_unit_test(a_letter_takes_no_value_where_only_the_long_name_does),
        cmocka_unit_test(help_and_version_end_the_parsing),
        cmocka_unit_test(an_abbreviation_must_fit_one_option),
        cmocka_unit_test(what_is_listed_is_what_is_parsed),
        cmocka_unit_test(a_string_buffer_grows_and_stays_terminated),
        cmocka_unit_test(numbers_are_whole_strings_in_range),
        cmocka_unit_test(a_word_of_a_line_is_found_by_its_number),
        cmocka_unit_test(what_a_terminal_would_obey_is_no_part_of_a_printable_text),
        cmocka_unit_test(a_path_of_a_table_of_mounts_is_unescaped),
        cmocka_unit_test(only_the_named_fds_stay_open),
        cmocka_unit_test(options_come_in_every_spelling),
        cmocka_unit_test(options_end_at_the_first_operand_when_told),
        cmocka_unit_test(bad_options_are_refused_by_name),
        cmocka_unit_test_setup_teardown(a_file_is_replaced_whole, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_replacement_that_fails_leaves_nothing, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(a_kernel_file_is_never_created, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(directories_are_made_as_deep_as_asked, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(a_tree_of_any_depth_is_removed, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(removing_a_tree_enters_no_mount, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(removing_a_tree_follows_no_link, make_directory, remove_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
