/* The rows of lxc-ls as bytes, and back. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/storage/overview.h"

static char *groups[] = {(char *)"web", (char *)"db"}, *address[] = {(char *)"10.0.0.1"};

static void rows_come_back_as_they_were(void **state)
{
    struct overview_row rows[] = {{.name = (char *)"a/b",
                                   .level = 1,
                                   .state = -1,
                                   .memory_bytes = -1,
                                   .swap_bytes = -1,
                                   .groups = {groups, 2}},
                                  {.name = (char *)"c",
                                   .state = STATE_RUNNING,
                                   .pid = 12,
                                   .start_auto = true,
                                   .unprivileged = true,
                                   .memory_bytes = INT64_MAX,
                                   .ipv4 = {address, 1}}};
    const struct overview all = {rows, 2};
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    cleanup_overview struct overview back = {0};

    (void)state;
    assert_int_equal(overview_write(&all, &bytes), 0);
    assert_int_equal(overview_parse(bytes.text, bytes.length, &back), 0);
    assert_int_equal(back.count, 2);
    assert_string_equal(back.rows[0].name, "a/b");
    assert_int_equal(back.rows[0].level, 1);
    assert_int_equal(back.rows[0].state, -1);
    assert_int_equal(back.rows[0].groups.count, 2);
    assert_string_equal(back.rows[0].groups.items[1], "db");
    assert_int_equal(back.rows[1].pid, 12);
    assert_true(back.rows[1].start_auto && back.rows[1].unprivileged);
    assert_true(back.rows[1].memory_bytes == INT64_MAX);
    assert_string_equal(back.rows[1].ipv4.items[0], "10.0.0.1");
}

static void bytes_that_are_no_rows_are_refused(void **state)
{
    struct overview_row row = {.name = (char *)"c", .state = STATE_RUNNING, .groups = {groups, 2}};
    const struct overview all = {&row, 1};
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;

    (void)state;
    assert_int_equal(overview_write(&all, &bytes), 0);
    for (size_t length = 1; length < bytes.length; length++) {
        cleanup_overview struct overview back = {0};
        assert_int_equal(overview_parse(bytes.text, length, &back), -EPROTO);
        assert_int_equal(back.count, 0);
    }
    static const char state_99[] = "x\0000\00099";
    cleanup_overview struct overview back = {0};
    assert_int_equal(overview_parse(state_99, sizeof(state_99), &back), -EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back_as_they_were),
        cmocka_unit_test(bytes_that_are_no_rows_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
