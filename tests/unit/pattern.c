/* Expressions for names: the C library's, bounded, and refused with its reason. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/base/pattern.h"

static void an_expression_matches_names(void **state)
{
    static const struct {
        const char *pattern, *matching, *other;
    } expressions[] = {
        {"b", "abc", "ac"},
        {"^(a|bc|d)$", "d", "c"},
        {"^(ab){2,}$", "ababab", "ab"},
        {"^[[:digit:][:upper:]_]+$", "A_1", "a"},
        {"^web[0-9]+$", "web12", "web"},
        {"\\<b\\w+\\>", "a bc", "abc"},
        {"^(a{1,3}b){2}c{1,200}$", "aabaaabcc", "abaaaabc"},
        {"\xc3\xa4+$", "\xc3\xa4\xa4", "\xc3"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions); i++) {
        struct error err = ERROR_INIT;
        cleanup_regex regex_t x = {0};

        if (pattern_compile(&x, expressions[i].pattern, &err) != 0)
            fail_msg("%s", err.text);
        if (regexec(&x, expressions[i].matching, 0, NULL, 0) != 0)
            fail_msg("\"%s\" does not match \"%s\"", expressions[i].pattern, expressions[i].matching);
        if (regexec(&x, expressions[i].other, 0, NULL, 0) == 0)
            fail_msg("\"%s\" matches \"%s\"", expressions[i].pattern, expressions[i].other);
    }
}

static void a_malformed_expression_is_refused_with_the_reason(void **state)
{
    static const char *const bad[] = {"*", "(a", "[a", "[[:letter:]]", "a{2", "a{3,2}", "a\\"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct error err = ERROR_INIT;
        cleanup_regex regex_t x = {0};
        const char *reason;

        assert_int_equal(pattern_compile(&x, bad[i], &err), -EINVAL);
        reason = strstr(err.text, "is not an extended regular expression: ");
        if (!reason || strlen(reason) < strlen("is not an extended regular expression: ") + 5)
            fail_msg("\"%s\" is refused with: %s", bad[i], err.text);
    }
}

static void an_expression_that_would_fill_the_memory_is_refused(void **state)
{
    static char long_text[5000];
    const char *const large[] = {"((a{200}){200}){200}", "(((((a{99}){99}){99}){99}){99}){99}", long_text};

    (void)state;
    memset(long_text, 'a', sizeof(long_text) - 1);
    for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++) {
        struct error err = ERROR_INIT;
        cleanup_regex regex_t x = {0};

        assert_int_equal(pattern_compile(&x, large[i], &err), -EINVAL);
        if (!strstr(err.text, "too large"))
            fail_msg("%s", err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expression_matches_names),
        cmocka_unit_test(a_malformed_expression_is_refused_with_the_reason),
        cmocka_unit_test(an_expression_that_would_fill_the_memory_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
