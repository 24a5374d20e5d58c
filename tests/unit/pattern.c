/* Patterns of names. What is promised is what the C library's regcomp, regexec and fnmatch answer, so each
 * case is also held against them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pattern.h"

static const struct {
    const char *pattern, *matching, *other;
} expressions[] = {
    {"", "", NULL},
    {"b", "abc", "ac"},
    {"^b", "bc", "ab"},
    {"b$", "ab", "bc"},
    {"^(a|bc|)$", "", "b"},
    {"^(a|bc|d)$", "d", "c"},
    {"^a|b$", "ax", "xa"},
    {"^a*$", "aaa", "ab"},
    {"^a+$", "a", ""},
    {"^ab?$", "a", "abb"},
    {"^(ab){2}$", "abab", "ababab"},
    {"^(ab){2,}$", "ababab", "ab"},
    {"^a{2,3}$", "aaa", "aaaa"},
    {"^a{,2}$", "", "aaa"},
    {"^a{0}b$", "b", "ab"},
    {"^((a*)*b)*$", "aab", "aaba"},
    {"^(a{1,3}b){2}c+$", "aabaaabcc", "abaaaabc"},
    {"^...$", "a.b", "ab"},
    {"^[]a]$", "]", "b"},
    {"^[^]a]$", "b", "]"},
    {"^[a-cx-]+$", "b-x", "d"},
    {"^[[:digit:][:upper:]_]+$", "A_1", "a"},
    {"^[[.-.][=a=]]+$", "a-", "b"},
    {"^web[0-9]+$", "web12", "web"},
    {"^\\.\\*\\\\$", ".*\\", "x*\\"},
    {"\\<b\\w+\\>", "a bc", "abc"},
    {"\\bx\\b", "a.x", "ax"},
    {"a\\Bb", "ab", "a.b"},
    {"^\\S\\s\\W$", "a -", "a b"},
    {"^(((a)b)c)+$", "abcabc", "ab"},
    {"a^b|c", "c", "ab"},
    {")", "a)", "a"},
    {"a|)b", "x)b", "b"},
    {"\xc3\xa4+$", "\xc3\xa4\xa4", "\xc3"},
};

static void an_expression_matches_as_the_c_library_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions); i++) {
        struct error err = ERROR_INIT;
        cleanup_regex struct regex x = {0};
        regex_t theirs;

        if (regex_compile(&x, expressions[i].pattern, &err) != 0)
            fail_msg("%s", err.text);
        if (regex_match(&x, expressions[i].matching) != 1)
            fail_msg("\"%s\" does not match \"%s\"", expressions[i].pattern, expressions[i].matching);
        if (expressions[i].other && regex_match(&x, expressions[i].other) != 0)
            fail_msg("\"%s\" matches \"%s\"", expressions[i].pattern, expressions[i].other);
        /* musl's knows neither "[.x.]" nor "{,n}". */
        if (regcomp(&theirs, expressions[i].pattern, REG_EXTENDED | REG_NOSUB) != 0)
            continue;
        assert_int_equal(regexec(&theirs, expressions[i].matching, 0, NULL, 0), 0);
        if (expressions[i].other)
            assert_int_equal(regexec(&theirs, expressions[i].other, 0, NULL, 0), REG_NOMATCH);
        regfree(&theirs);
    }
}

static void what_is_no_expression_is_refused_with_the_reason(void **state)
{
    static const char *const bad[][2] = {
        {"*", "nothing to repeat"}, {"a|*b", "nothing to repeat"}, {"(a", "( has no )"},
        {"[a", "[ has no ]"},       {"[[:alpha:]", "[ has no ]"},  {"[[:letter:]]", "no list"},
        {"[b-a]", "no list"},       {"a{2", "{ has no }"},         {"a{x}", "no number"},
        {"a{3,2}", "no range"},     {"a\\", "\\ ends it"},         {"a{40000}", "above 255"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct error err = ERROR_INIT;
        cleanup_regex struct regex x = {0};
        regex_t theirs;

        assert_int_equal(regex_compile(&x, bad[i][0], &err), -EINVAL);
        if (!strstr(err.text, bad[i][1]))
            fail_msg("\"%s\" is refused with: %s", bad[i][0], err.text);
        assert_int_not_equal(regcomp(&theirs, bad[i][0], REG_EXTENDED | REG_NOSUB), 0);
    }
}

static void an_expression_that_would_grow_without_end_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    cleanup_regex struct regex x = {0}, deep = {0};
    char text[4000];

    (void)state;
    assert_int_equal(regex_compile(&x, "((a{200}){200}){200}", &err), -EINVAL);
    assert_non_null(strstr(err.text, "too large"));
    memset(text, '(', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(regex_compile(&deep, text, &err), -EINVAL);
}

/* For one that tries each way this takes 2 to the 40. */
static void no_expression_takes_longer_than_itself_times_the_text(void **state)
{
    cleanup_regex struct regex x = {0};

    (void)state;
    assert_int_equal(regex_compile(&x, "^(a|a|aa)*b$", NULL), 0);
    assert_int_equal(regex_match(&x, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 0);
}

static void a_glob_matches_as_fnmatch_says(void **state)
{
    static const struct {
        const char *pattern, *text;
        int leading, matches;
    } globs[] = {
        {"", "", 0, 1},
        {"abc", "abc", 0, 1},
        {"abc", "ab", 0, 0},
        {"ab", "abc", 0, 0},
        {"*", "", 0, 1},
        {"a*c*e", "abcde", 0, 1},
        {"a*c*e", "abcdef", 0, 0},
        {"a?c", "abc", 0, 1},
        {"a?", "a", 0, 0},
        {"*/b", "a/c/b", 0, 1},
        {"[!a-c]*", "dx", 0, 1},
        {"[^a-c]*", "bx", 0, 0},
        {"[]-]", "-", 0, 1},
        {"[[:digit:]]*[x]", "1yx", 0, 1},
        {"pci:v00008086d*sv*sd*bc02sc*i*", "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00", 0, 1},
        {"\\*\\[", "*[", 0, 1},
        {"\\*", "x", 0, 0},
        {"dev/null", "dev/null/x", 1, 1},
        {"dev/null", "dev/null", 1, 1},
        {"dev/nul", "dev/null", 1, 0},
        {"d*v", "dev/x", 1, 1},
        {"d*v", "dev/x", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(globs) / sizeof(*globs); i++) {
        assert_int_equal(fnmatch(globs[i].pattern, globs[i].text, globs[i].leading ? FNM_LEADING_DIR : 0) ==
                             0,
                         globs[i].matches);
        if (glob_match(globs[i].pattern, globs[i].text, globs[i].leading) != globs[i].matches)
            fail_msg("\"%s\" with \"%s\"", globs[i].pattern, globs[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expression_matches_as_the_c_library_says),
        cmocka_unit_test(what_is_no_expression_is_refused_with_the_reason),
        cmocka_unit_test(an_expression_that_would_grow_without_end_is_refused),
        cmocka_unit_test(no_expression_takes_longer_than_itself_times_the_text),
        cmocka_unit_test(a_glob_matches_as_fnmatch_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
