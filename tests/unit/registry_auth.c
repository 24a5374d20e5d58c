/* Logging in to registries: the files with credentials, and the challenges of the servers. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/encoding/base64.h"
#include "core/base/cleanup.h"
#include "fetch/registry/challenge.h"
#include "fetch/registry/credentials.h"

static void base64_is_that_of_the_rfc(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe", "//4="},
    };
    static const char *const bad[] = {
        "Z", "Zg=", "Zg===", "Zm9v=", "Z g=", "Zg==Zg==", "Zm8=\n", "=", "===="};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_strbuf struct strbuf text = STRBUF_INIT, bytes = STRBUF_INIT;

        assert_int_equal(base64_encode(cases[i][0], strlen(cases[i][0]), &text), 0);
        assert_string_equal(strbuf_text(&text), cases[i][1]);
        assert_int_equal(base64_decode(cases[i][1], &bytes), 0);
        assert_string_equal(strbuf_text(&bytes), cases[i][0]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        cleanup_strbuf struct strbuf bytes = STRBUF_INIT;

        assert_int_equal(base64_decode(bad[i], &bytes), -EINVAL);
    }
}

static int find(const char *text, const char *host, const char *path, struct credentials *out,
                struct error *err)
{
    return credentials_parse("config.json", text, strlen(text), host, path, out, err);
}

#define ENTRIES                                                                                              \
    "{\"auths\": {\"https://index.docker.io/v1/\": {\"auth\": \"ZG9ja2VyOmE6Yg==\"},"                        \
    "\"quay.io\": {\"auth\": \"aG9zdDpw\"}, \"quay.io/team/app\": {\"auth\": \"YXBwOnA=\"},"                 \
    "\"token.io\": {\"auth\": \"dTo=\", \"identitytoken\": \"T\"}, \"empty.io\": {}}, \"credsStore\": "      \
    "\"secret\"}"

static void the_longest_entry_that_the_image_begins_with_counts(void **state)
{
    static const struct {
        const char *host, *path, *user;
    } cases[] = {
        {"docker.io", "library/nginx", "docker"},
        {"quay.io", "a", "host"},
        {"quay.io", "team/app", "app"},
        {"quay.io", "team/app/x", "app"},
        {"quay.io", "team/apple", "host"},
        {"quay.io.evil", "a", NULL},
        {"evil", "quay.io", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_credentials struct credentials c = {0};
        struct error err = ERROR_INIT;

        assert_int_equal(find(ENTRIES, cases[i].host, cases[i].path, &c, &err), cases[i].user != NULL);
        if (cases[i].user)
            assert_string_equal(c.user, cases[i].user);
        else
            assert_null(c.user);
    }
}

static void a_password_may_have_a_colon(void **state)
{
    cleanup_credentials struct credentials c = {0}, token = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(find(ENTRIES, "docker.io", "a/b", &c, &err), 1);
    assert_string_equal(c.password, "a:b");
    assert_int_equal(find(ENTRIES, "token.io", "a", &token, &err), 1);
    assert_string_equal(token.identity_token, "T");
}

static void a_credential_helper_is_refused_by_name(void **state)
{
    cleanup_credentials struct credentials c = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(find(ENTRIES, "empty.io", "a", &c, &err), -ENOTSUP);
    assert_non_null(strstr(err.text, "docker-credential-secret"));
    assert_int_equal(find("{\"credHelpers\": {\"ecr.example\": \"ecr\"}}", "ecr.example", "a", &c, &err),
                     -ENOTSUP);
    assert_non_null(strstr(err.text, "docker-credential-ecr"));
    assert_int_equal(find("{\"credsStore\": \"secret\"}", "quay.io", "a", &c, &err), 0);
}

static void a_malformed_file_is_refused(void **state)
{
    static const char *const cases[] = {"{", "{\"auths\": {\"a\": {\"auth\": \"!\"}}}",
                                        "{\"auths\": {\"a\": {\"auth\": \"Zm9v\"}}}",
                                        "{\"auths\": {\"a\": {\"auth\": \"YQA6Yg==\"}}}"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_credentials struct credentials c = {0};
        struct error err = ERROR_INIT;

        assert_int_equal(find(cases[i], "a", "b", &c, &err), -EBADMSG);
    }
}

static void a_challenge_says_where_to_get_a_token(void **state)
{
    cleanup_challenge struct challenge c = {0};

    (void)state;
    assert_int_equal(
        challenge_parse(
            "Basic realm=\"no\", Bearer realm=\"https://auth.example/token\",service=\"a\\\"b, c\" "
            ", scope=\"repository:x/y:pull,push\", error=invalid_token, Negotiate",
            &c),
        0);
    assert_true(c.bearer && c.basic);
    assert_string_equal(c.realm, "https://auth.example/token");
    assert_string_equal(c.service, "a\"b, c");
    assert_string_equal(c.scope, "repository:x/y:pull,push");
}

static void a_malformed_challenge_is_refused(void **state)
{
    static const char *const cases[] = {"Bearer realm=", "Bearer realm=\"x", "\"", "Bearer realm=\"x\\"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup_challenge struct challenge c = {0};

        assert_int_equal(challenge_parse(cases[i], &c), -EPROTO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_that_of_the_rfc),
        cmocka_unit_test(the_longest_entry_that_the_image_begins_with_counts),
        cmocka_unit_test(a_password_may_have_a_colon),
        cmocka_unit_test(a_credential_helper_is_refused_by_name),
        cmocka_unit_test(a_malformed_file_is_refused),
        cmocka_unit_test(a_challenge_says_where_to_get_a_token),
        cmocka_unit_test(a_malformed_challenge_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
