/* The ids of a user namespace as people give them to unshare. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "core/namespace/unshare.h"

static void assert_range(const struct id_ranges *r, uint32_t inside, uint32_t outside, uint32_t count)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].container_id == inside && r->items[i].host_id == outside &&
            r->items[i].count == count)
            return;
    fail_msg("no range %u %u %u", inside, outside, count);
}

static void a_single_id_is_taken_out_of_the_middle(void **state)
{
    struct id_ranges r = {0};

    (void)state;
    assert_int_equal(id_ranges_add(&r, false, 0, 100000, 10), 0);
    assert_int_equal(id_ranges_set(&r, false, 5, 1000), 0);
    assert_int_equal(r.count, 3);
    assert_range(&r, 0, 100000, 5);
    assert_range(&r, 5, 1000, 1);
    assert_range(&r, 6, 100006, 4);
}

static void a_single_id_is_taken_out_of_the_ends(void **state)
{
    struct id_ranges r = {0};

    (void)state;
    id_ranges_add(&r, false, 0, 100000, 10);
    id_ranges_set(&r, false, 0, 1000);
    id_ranges_set(&r, false, 9, 1001);
    assert_int_equal(r.count, 3);
    assert_range(&r, 1, 100001, 8);
}

static void an_id_outside_is_mapped_once(void **state)
{
    struct id_ranges r = {0};

    (void)state;
    id_ranges_add(&r, false, 0, 1000, 3);
    id_ranges_set(&r, false, 50, 1001);
    assert_int_equal(r.count, 3);
    assert_range(&r, 0, 1000, 1);
    assert_range(&r, 2, 1002, 1);
    assert_range(&r, 50, 1001, 1);
}

static void groups_and_users_do_not_meet(void **state)
{
    struct id_ranges r = {0};

    (void)state;
    id_ranges_add(&r, true, 0, 100000, 10);
    id_ranges_set(&r, false, 5, 100005);
    assert_int_equal(r.count, 2);
    assert_range(&r, 0, 100000, 10);
}

static void too_many_ranges_are_refused(void **state)
{
    struct id_ranges r = {0};

    (void)state;
    for (uint32_t i = 0; i < ID_RANGES_MAX; i++)
        assert_int_equal(id_ranges_add(&r, false, i, i, 1), 0);
    assert_int_equal(id_ranges_add(&r, false, 100, 100, 1), -E2BIG);
}

static void subordinate_ids_are_found_by_name_and_number(void **state)
{
    static const char text[] =
        "# remark\nother:1:2\nbad:x:1\nme:100000:65536\nme:5:5\n1000:200000:10\nlast:1:0\n";
    uint32_t start = 0, count = 0;

    (void)state;
    assert_int_equal(id_ranges_find(text, "me", 7, &start, &count), 0);
    assert_int_equal(start, 100000);
    assert_int_equal(count, 65536);
    assert_int_equal(id_ranges_find(text, NULL, 1000, &start, &count), 0);
    assert_int_equal(start, 200000);
    assert_int_equal(id_ranges_find(text, "nobody", 7, &start, &count), -ENOENT);
    assert_int_equal(id_ranges_find(text, "last", 7, &start, &count), -ENOENT);
    assert_int_equal(id_ranges_find("", "me", 7, &start, &count), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_id_is_taken_out_of_the_middle),
        cmocka_unit_test(a_single_id_is_taken_out_of_the_ends),
        cmocka_unit_test(an_id_outside_is_mapped_once),
        cmocka_unit_test(groups_and_users_do_not_meet),
        cmocka_unit_test(too_many_ranges_are_refused),
        cmocka_unit_test(subordinate_ids_are_found_by_name_and_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
