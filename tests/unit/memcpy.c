/* memcpy and memmove of core/base/override, every length and overlap around those that they treat apart. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define SIZE 320

/* Not what the compiler knows by these names. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static void *(*volatile move)(void *, const void *, size_t) = memmove;

static void fill(unsigned char *bytes)
{
    for (unsigned i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i * 7 + 1);
}

static void assert_copied(void *(*function)(void *, const void *, size_t), size_t to, size_t from,
                          size_t length)
{
    unsigned char bytes[SIZE], expected[SIZE];

    fill(bytes);
    fill(expected);
    for (size_t i = 0; i < length; i++)
        expected[to + i] = (unsigned char)((from + i) * 7 + 1);
    if (function(bytes + to, bytes + from, length) != bytes + to)
        fail_msg("%zu bytes from %zu to %zu: another pointer is returned", length, from, to);
    for (size_t i = 0; i < SIZE; i++)
        if (bytes[i] != expected[i])
            fail_msg("%zu bytes from %zu to %zu: byte %zu is wrong", length, from, to, i);
}

static void memmove_copies_areas_that_overlap(void **state)
{
    (void)state;
    for (size_t length = 0; length < 100; length++)
        for (size_t to = 0; to < 75; to++)
            for (size_t from = to % 3; from < 75; from += 3)
                assert_copied(move, to, from, length);
}

static void memcpy_copies_from_and_to_any_address(void **state)
{
    (void)state;
    for (size_t length = 0; length < 150; length++)
        for (size_t offset = 0; offset < 16; offset++)
            assert_copied(copy, offset / 4, 160 + offset % 4, length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memmove_copies_areas_that_overlap),
        cmocka_unit_test(memcpy_copies_from_and_to_any_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
