/* SHA-256 by the processor's instructions, compared with BearSSL's and with published sums. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/encoding/sha256.h"

static void assert_sum(const void *bytes, size_t length, const char *wanted)
{
    struct sha256 s;
    unsigned char sum[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];

    sha256_init(&s);
    sha256_update(&s, bytes, length);
    sha256_out(&s, sum);
    for (size_t i = 0; i < SHA256_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    assert_string_equal(hex, wanted);
}

static void published_sums_are_reached(void **state)
{
    char *million = malloc(1000000);

    (void)state;
    assert_non_null(million);
    memset(million, 'a', 1000000);
    assert_sum("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sum("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_sum("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_sum(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void every_division_into_pieces_gives_the_same_sum(void **state)
{
    unsigned char bytes[700], wanted[SHA256_SIZE], sum[SHA256_SIZE];
    br_sha256_context c;

    (void)state;
    srandom(1);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)random();
    for (int run = 0; run < 2000; run++) {
        size_t length = (size_t)random() % sizeof(bytes), at = 0;
        struct sha256 s;

        sha256_init(&s);
        while (at < length) {
            size_t piece = 1 + (size_t)random() % (length - at);

            sha256_update(&s, bytes + at, piece);
            at += piece;
        }
        sha256_out(&s, sum);
        br_sha256_init(&c);
        br_sha256_update(&c, bytes, length);
        br_sha256_out(&c, wanted);
        assert_memory_equal(sum, wanted, sizeof(sum));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_sums_are_reached),
        cmocka_unit_test(every_division_into_pieces_gives_the_same_sum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
