/* Writing JSON. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/encoding/json.h"

static void members_and_elements_are_separated_by_commas(void **state)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    char *items[] = {(char *)"a", (char *)"b"};
    struct string_list list = {items, 2}, none = {0};

    (void)state;
    json_open(&out, NULL, '[');
    json_open(&out, NULL, '{');
    json_string(&out, "name", "x");
    json_number(&out, "size", -12);
    json_bool(&out, "up", true);
    json_strings(&out, "list", &list);
    json_strings(&out, "none", &none);
    json_string(&out, "nothing", NULL);
    json_close(&out, '}');
    json_open(&out, NULL, '{');
    json_close(&out, '}');
    json_close(&out, ']');
    assert_string_equal(strbuf_text(&out), "[{\"name\":\"x\",\"size\":-12,\"up\":true,\"list\":[\"a\",\"b\"],"
                                           "\"none\":[],\"nothing\":null},{}]");
}

static void assert_string(const char *text, const char *expected)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;

    assert_int_equal(json_string(&out, NULL, text), 0);
    assert_string_equal(strbuf_text(&out), expected);
}

static void what_ends_a_string_is_escaped(void **state)
{
    (void)state;
    assert_string("a\"b\\c", "\"a\\\"b\\\\c\"");
    assert_string("\n\x1b\x7f", "\"\\u000a\\u001b\\u007f\"");
    assert_string("ends in {", "\"ends in {\"");
    /* C1, which a terminal would obey. */
    assert_string("\xc2\x9b"
                  "2J\xc2\xa0",
                  "\"\\u009b2J\xc2\xa0\"");
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
    (void)state;
    assert_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7\"");
    assert_string("\xff", "\"\\ufffd\"");
    assert_string("\xc3", "\"\\ufffd\"");                       /* cut off */
    assert_string("\xc0\x80", "\"\\ufffd\\ufffd\"");            /* longer than need be */
    assert_string("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
    assert_string("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void each_member_is_indented_on_a_line_of_its_own(void **state)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;

    (void)state;
    assert_int_equal(json_indent(&out, "[{\"a\":1,\"b,{\\\"\":[\"x:\",null],\"c\":[],\"d\":{}},{}]"), 0);
    assert_string_equal(strbuf_text(&out), "[\n"
                                           "    {\n"
                                           "        \"a\": 1,\n"
                                           "        \"b,{\\\"\": [\n"
                                           "            \"x:\",\n"
                                           "            null\n"
                                           "        ],\n"
                                           "        \"c\": [],\n"
                                           "        \"d\": {}\n"
                                           "    },\n"
                                           "    {}\n"
                                           "]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_elements_are_separated_by_commas),
        cmocka_unit_test(what_ends_a_string_is_escaped),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
        cmocka_unit_test(each_member_is_indented_on_a_line_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
