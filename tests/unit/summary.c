/* The summary of a configuration says what the configuration says. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/config.h"
#include "core/config/summary.h"

static char directory[64];

static void assert_says_the_same(const char *text)
{
    cleanup_config struct config c;
    cleanup_config_summary struct config_summary s = {0};
    struct config_includes includes = {0};
    struct error err = ERROR_INIT;
    char path[100];

    snprintf(path, sizeof(path), "%s/config", directory);
    assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), 0644), 0);
    config_init(&c);
    if (config_read_file(&c, path, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(config_summary_read(AT_FDCWD, path, &includes, &s), 0);
    assert_int_equal(s.start_auto, c.start_auto);
    assert_int_equal(s.start_order, c.start_order);
    assert_int_equal(s.start_delay_seconds, c.start_delay_seconds);
    assert_int_equal(s.maps_ids, c.idmap_count > 0);
    assert_int_equal(s.groups.count, c.groups.count);
    for (size_t i = 0; i < s.groups.count; i++)
        assert_string_equal(s.groups.items[i], c.groups.items[i]);
    assert_string_equal(s.rootfs_path ? s.rootfs_path : "", c.rootfs_path ? c.rootfs_path : "");
    string_list_clear(&includes.items);
}

static void every_setting_of_it_is_read(void **state)
{
    (void)state;
    assert_says_the_same("");
    assert_says_the_same("lxc.start.auto = 1\nlxc.start.order = -3\nlxc.start.delay = 20\nlxc.group = a b\n"
                         "lxc.group = c\nlxc.idmap = u 0 100000 10\nlxc.idmap = g 0 100000 10\n"
                         "lxc.rootfs.path = dir:/x/rootfs\n");
}

static void later_lines_replace_and_empty_ones_clear(void **state)
{
    (void)state;
    assert_says_the_same("lxc.start.auto = 1\nlxc.start.auto = 0\nlxc.group = a\nlxc.group =\nlxc.group = b\n"
                         "lxc.idmap = u 0 100000 10\nlxc.idmap =\nlxc.start.order = 4\nlxc.start.order =\n"
                         "lxc.rootfs.path = /a\nlxc.rootfs.path = /b\n");
    assert_says_the_same("lxc.start.auto = 1\nlxc.start.auto =\nlxc.rootfs.path = /a\nlxc.rootfs.path =\n");
}

static void blanks_quotes_and_remarks_are_read_alike(void **state)
{
    (void)state;
    assert_says_the_same("\t lxc.group\t=  \"a b\"  \r\n#lxc.group = no\n  # lxc.start.auto = 1\n\n"
                         "lxc.start.auto='1'\nlxc.start.order = 0x10\nlxc.group = 'c\n");
    assert_says_the_same("lxc.group = last line without end");
    assert_says_the_same("lxc.uts.name = lxc.group\nlxc.environment = X=lxc.start.auto = 1\n");
}

static void put(const char *name, const char *text)
{
    char path[100];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    assert_int_equal(file_replace(AT_FDCWD, path, text, strlen(text), 0644), 0);
}

static void included_files_are_read_in_their_place(void **state)
{
    char text[400], path[100];

    (void)state;
    snprintf(path, sizeof(path), "%s/directory", directory);
    mkdir(path, 0755);
    put("directory/b.conf", "lxc.group = b\n");
    put("directory/a.conf", "lxc.group = a\nlxc.start.auto = 1\n");
    put("directory/other", "lxc.group = other\n");
    snprintf(text, sizeof(text), "lxc.group = inner\nlxc.include = %s/directory\n", directory);
    put("outer", text);
    snprintf(text, sizeof(text),
             "lxc.group = first\nlxc.include = %s/outer\nlxc.group = last\nlxc.include = %s/outer\n"
             "lxc.start.auto = 0\nlxc.include = %s/absent/\n",
             directory, directory, directory);
    assert_says_the_same(text);
    /* These need not be there: they are built in. */
    assert_says_the_same("lxc.include = /usr/share/lxc/config/common.conf\n"
                         "lxc.include = /usr/share/lxc/config/some.userns.conf\n");
}

static void a_long_configuration_is_read_to_its_end(void **state)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;

    (void)state;
    for (int i = 0; i < 2000; i++)
        strbuf_printf(&text, "lxc.environment = NUMBER%d=1\n", i);
    strbuf_puts(&text, "lxc.group = end\n");
    assert_says_the_same(strbuf_text(&text));
}

static void a_ring_of_includes_ends(void **state)
{
    cleanup_config_summary struct config_summary s = {0};
    struct config_includes includes = {0};
    char text[200];

    (void)state;
    snprintf(text, sizeof(text), "lxc.start.auto = 1\nlxc.include = %s/ring\n", directory);
    put("ring", text);
    assert_int_equal(config_summary_parse(text, &includes, &s), 0);
    assert_true(s.start_auto);
    string_list_clear(&includes.items);
}

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/lxcbox-summary-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return remove_tree(AT_FDCWD, directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_of_it_is_read),
        cmocka_unit_test(later_lines_replace_and_empty_ones_clear),
        cmocka_unit_test(blanks_quotes_and_remarks_are_read_alike),
        cmocka_unit_test(included_files_are_read_in_their_place),
        cmocka_unit_test(a_long_configuration_is_read_to_its_end),
        cmocka_unit_test(a_ring_of_includes_ends),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
