/* Reading JSON into a bounded tree. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/encoding/json_read.h"

static int read_text(const char *text, struct json_document **out, struct error *err)
{
    return json_read("it", text, strlen(text), out, err);
}

static void members_are_found_by_name(void **state)
{
    cleanup_json struct json_document *d = NULL;
    struct error err = ERROR_INIT;
    const struct json_value *root, *inner;
    int64_t number;

    (void)state;
    assert_int_equal(
        read_text("{\"a\": \"\\u00e9\\n\", \"b\": {\"c\": [1, -2]}, \"d\": null, \"e\": true}", &d, &err), 0);
    root = json_root(d);
    assert_int_equal(root->type, JSON_OBJECT);
    assert_int_equal(root->count, 4);
    assert_string_equal(json_get_text(root, "a"), "\xc3\xa9\n");
    assert_null(json_get(root, "d"));
    assert_null(json_get(root, "f"));
    assert_null(json_get(json_get(root, "a"), "b"));
    assert_true(json_get(root, "e")->truth);
    inner = json_get(json_get(root, "b"), "c");
    assert_int_equal(inner->type, JSON_ARRAY);
    assert_int_equal(json_int64(inner->first->next, -5, 5, &number), 0);
    assert_int_equal(number, -2);
}

static void of_equal_names_the_last_counts_and_both_are_noticed(void **state)
{
    cleanup_json struct json_document *d = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(read_text("{\"a\": \"1\", \"b\": 2, \"a\": \"3\"}", &d, &err), 0);
    assert_string_equal(json_get_text(json_root(d), "a"), "3");
    assert_true(json_has_twice(json_root(d), "a"));
    assert_false(json_has_twice(json_root(d), "b"));
}

static void assert_refused(const char *text, size_t length, int code)
{
    cleanup_json struct json_document *d = NULL;
    struct error err = ERROR_INIT;

    assert_int_equal(json_read("it", text, length, &d, &err), code);
    assert_int_equal(err.code, code);
    assert_null(d);
}

static void what_is_not_json_is_refused(void **state)
{
    static const char *const bad[] = {"",     " ",   "{",          "[1",       "{\"a\" 1}",  "nul",
                                      "[1,]", "1 2", "{\"a\":1}}", "\"\xff\"", "{\"a\": 01}"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_refused(bad[i], strlen(bad[i]), -EBADMSG);
    assert_refused("[\"a\\u0000b\"]", strlen("[\"a\\u0000b\"]"), -EBADMSG);
    assert_refused("{\"a\\u0000\": 1}", strlen("{\"a\\u0000\": 1}"), -EBADMSG);
}

static void a_deep_document_is_refused(void **state)
{
    char text[2 * JSON_DEPTH_MAX + 3];

    (void)state;
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_refused(text, 2 * (size_t)JSON_DEPTH_MAX + 2, -EFBIG);
}

static void a_document_of_too_many_values_is_refused(void **state)
{
    size_t length = (size_t)2 * JSON_VALUES_MAX + 1;
    char *text = malloc(length);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < length; i++)
        text[i] = i % 2 ? '0' : ',';
    text[0] = '[';
    text[length - 1] = ']';
    assert_refused(text, length, -EFBIG);
    free(text);
}

static void integers_outside_of_the_limits_are_refused(void **state)
{
    cleanup_json struct json_document *d = NULL;
    struct error err = ERROR_INIT;
    const struct json_value *v;
    int64_t number = 7;
    uint64_t natural;

    (void)state;
    assert_int_equal(read_text("[18446744073709551615, 5.0, 1e3, -1, \"4\"]", &d, &err), 0);
    v = json_root(d)->first;
    assert_int_equal(json_int64(v, INT64_MIN, INT64_MAX, &number), -ERANGE);
    assert_int_equal(json_uint64(v, UINT64_MAX, &natural), 0);
    assert_true(natural == UINT64_MAX);
    v = v->next;
    assert_int_equal(json_int64(v, 0, 9, &number), -ERANGE);
    v = v->next;
    assert_int_equal(json_int64(v, 0, 9000, &number), -ERANGE);
    v = v->next;
    assert_int_equal(json_uint64(v, 9, &natural), -ERANGE);
    v = v->next;
    assert_int_equal(json_int64(v, 0, 9, &number), -EINVAL);
    assert_int_equal(number, 7);
}

static void a_list_of_texts_has_texts_alone(void **state)
{
    cleanup_json struct json_document *d = NULL;
    cleanup_string_list struct string_list list = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(read_text("{\"a\": [\"x\", \"y\"], \"b\": [\"x\", 1], \"c\": \"x\"}", &d, &err), 0);
    assert_int_equal(json_text_list(json_get(json_root(d), "a"), &list), 0);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[1], "y");
    assert_int_equal(json_text_list(json_get(json_root(d), "none"), &list), 0);
    assert_int_equal(json_text_list(json_get(json_root(d), "b"), &list), -EINVAL);
    assert_int_equal(json_text_list(json_get(json_root(d), "c"), &list), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_name),
        cmocka_unit_test(of_equal_names_the_last_counts_and_both_are_noticed),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(a_deep_document_is_refused),
        cmocka_unit_test(a_document_of_too_many_values_is_refused),
        cmocka_unit_test(integers_outside_of_the_limits_are_refused),
        cmocka_unit_test(a_list_of_texts_has_texts_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
