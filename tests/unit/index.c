/* What servers say they have: the index and simplestreams. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "fetch/index/index.h"
#include "fetch/index/streams.h"

static void read_index(const char *text, size_t step, struct index_reader *r)
{
    for (size_t at = 0, length = strlen(text); at < length; at += step)
        assert_int_equal(index_feed(r, text + at, length - at < step ? length - at : step), 0);
    assert_int_equal(index_end(r), 0);
}

static void an_index_lists_images_however_it_is_cut(void **state)
{
    static const char text[] =
        "alpine;3.20;amd64;default;20260101_13:00;/images/alpine/3.20/amd64/default/20260101_13:00/\n"
        "\n"
        "debian;bookworm;arm64;cloud;20260102_05:24;images/debian/x\r\n"
        "debian;bookworm;amd64;default;20260102_05:24;/last/without/newline";

    (void)state;
    for (size_t step = 1; step < sizeof(text); step += 7) {
        struct index_reader r = {0};

        read_index(text, step, &r);
        assert_int_equal(r.list.count, 3);
        assert_string_equal(r.list.items[0].path, "images/alpine/3.20/amd64/default/20260101_13:00");
        assert_string_equal(r.list.items[1].variant, "cloud");
        assert_string_equal(r.list.items[1].path, "images/debian/x");
        assert_string_equal(r.list.items[2].build, "20260102_05:24");
        index_reader_free(&r);
    }
}

static void a_filter_keeps_what_it_names(void **state)
{
    const struct image_name filter = {.dist = "debian", .arch = "amd64"};
    struct index_reader r = {.filter = &filter};

    (void)state;
    read_index("debian;a;amd64;default;1;p\nalpine;a;amd64;default;1;p\ndebian;a;arm64;default;1;p\ndebian;b;"
               "amd64;cloud;1;p\n",
               10, &r);
    assert_int_equal(r.list.count, 2);
    assert_string_equal(r.list.items[1].release, "b");
    index_reader_free(&r);
}

static void lines_that_are_no_image_are_passed_over(void **state)
{
    char longest[5000];
    struct index_reader r = {0};

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    read_index(";;;;;\na;b;c;d;;p\na;b;c;d;1;\na;b;c;d\n../..;b;c;d;1;p\na/"
               "b;b;c;d;1;p\n.x;b;c;d;1;p\na;b;c;d;1;/\na;b;c;d;1;\033[2J\n\xc3;b;c;d;1;p\n",
               100, &r);
    read_index(longest, 1000, &r);
    assert_int_equal(r.list.count, 0);
    read_index("a;b;c;d;1;p\n", 100, &r); /* and the next line counts again */
    assert_int_equal(r.list.count, 1);
    index_reader_free(&r);
}

/* --- Simplestreams ------------------------------------------------------------------------------------- */

#define SUM_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

static const char products[] =
    "{\"content_id\": \"images\", \"datatype\": \"image-downloads\", \"products\": {"
    "\"alpine:3.20:amd64:default\": {\"aliases\": \"x\", \"lxd_requirements\": {\"a\": [1, {\"path\": "
    "\"no\"}]}, \"versions\": {"
    "  \"20260101_13:00\": {\"items\": {"
    "    \"lxd.tar.xz\": {\"ftype\": \"lxd.tar.xz\", \"combined_sha256\": \"x\", \"path\": "
    "\"i/a/lxd.tar.xz\", \"size\": 1},"
    "    \"root.tar.xz\": {\"ftype\": \"root.tar.xz\", \"sha256\": \"" SUM_A
    "\", \"path\": \"i/a/20260101_13%3A00/rootfs.tar.xz\","
    "      \"size\": 12345678901}}},"
    "  \"20260102_13:00\": {\"items\": {"
    "    \"root.tar.xz\": {\"path\": \"i/b/rootfs.tar.xz\", \"sha256\": \"" SUM_B "\", \"size\": 1.5e3},"
    "    \"meta.tar.xz\": {\"path\": \"i/b/meta.tar.xz\", \"sha256\": \"" SUM_A "\"}}},"
    "  \"20260103_13:00\": {\"items\": {\"root.squashfs\": {\"path\": \"i/c/rootfs.squashfs\", \"sha256\": "
    "\"" SUM_A "\"}}}"
    "}}}}";

struct seen {
    char text[2000];
    int stop_after;
};

static int note(void *context, const struct streams_build *b)
{
    struct seen *s = context;
    size_t used = strlen(s->text);

    snprintf(s->text + used, sizeof(s->text) - used, "%s|%s|%s|%s|%s|%llu\n", b->product, b->build,
             b->directory, b->rootfs_sha256, b->meta_sha256, (unsigned long long)b->rootfs_size);
    return s->stop_after && --s->stop_after == 0;
}

static void builds_with_a_rootfs_are_told_with_their_sums(void **state)
{
    static const char wanted[] =
        "alpine:3.20:amd64:default|20260101_13:00|i/a/20260101_13%3A00|" SUM_A "||12345678901\n"
        "alpine:3.20:amd64:default|20260102_13:00|i/b|"
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb|" SUM_A "|0\n";
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t step = 1; step < sizeof(products); step += 13) {
        struct seen seen = {{0}, 0};
        struct streams *s = streams_products(note, &seen);

        for (size_t at = 0, length = strlen(products); at < length; at += step)
            assert_int_equal(streams_feed(s, products + at, length - at < step ? length - at : step, &err),
                             0);
        assert_int_equal(streams_end(s, &err), 0);
        assert_string_equal(seen.text, wanted);
    }
}

static void reading_stops_when_enough_is_known(void **state)
{
    struct error err = ERROR_INIT;
    struct seen seen = {{0}, 1};
    struct streams *s = streams_products(note, &seen);

    (void)state;
    assert_int_equal(streams_feed(s, products, strlen(products), &err), 1);
    assert_int_equal(streams_end(s, &err), 0);
    assert_null(strstr(seen.text, "20260102"));
}

static int feed_whole(const char *text, struct error *err)
{
    struct seen seen = {{0}, 0};
    struct streams *s = streams_products(note, &seen);
    int failed = streams_feed(s, text, strlen(text), err);

    if (failed) {
        streams_free(s);
        return failed;
    }
    return streams_end(s, err);
}

static void a_name_with_control_codes_is_not_reported(void **state)
{
    static const char *const codes[] = {"\\u001b[2J", "\\u007f", "\\u009b2J", "\\u0000", "\\t"};
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        cleanup_free char *text =
            format_string("{\"products\": {\"a%s:3.20:amd64:default\": {\"versions\": {\"1\": {\"items\": "
                          "{\"root.tar.xz\": "
                          "{\"path\": \"i/a/rootfs.tar.xz\", \"sha256\": \"" SUM_A "\"}}}}}}}",
                          codes[i]);
        struct seen seen = {{0}, 0};
        struct streams *s = streams_products(note, &seen);

        assert_int_equal(streams_feed(s, text, strlen(text), &err), 0);
        assert_int_equal(streams_end(s, &err), 0);
        seen.text[strcspn(seen.text, "\n")] = '\0';
        assert_false(text_has_control(seen.text) || strchr(seen.text, '\t'));
    }
}

static void malformed_lists_are_refused(void **state)
{
    struct error err = ERROR_INIT;
    static const char deep[] = "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]";

    (void)state;
    assert_int_equal(feed_whole("<html>", &err), -EBADMSG);
    assert_int_equal(feed_whole("{\"products\": {", &err), -EBADMSG);
    assert_int_equal(feed_whole("", &err), -EBADMSG);
    assert_int_equal(feed_whole(deep, &err), -EBADMSG);
    assert_int_equal(feed_whole("{}", &err), 0);
    assert_int_equal(feed_whole("[{\"products\": 1}]", &err), 0);
}

static void an_endless_name_is_refused(void **state)
{
    static char flood[100000];
    struct error err = ERROR_INIT;
    struct seen seen = {{0}, 0};
    struct streams *s = streams_products(note, &seen);
    int failed = 0;

    (void)state;
    memset(flood, 'a', sizeof(flood));
    flood[0] = '"';
    for (int i = 0; i < 20 && !failed; i++) {
        failed = streams_feed(s, flood, sizeof(flood), &err);
        flood[0] = 'a';
    }
    assert_int_equal(failed, -EBADMSG);
    streams_free(s);
}

static void the_index_names_lists_of_images(void **state)
{
    static const char text[] = "{\"format\": \"index:1.0\", \"index\": {"
                               "\"images\": {\"datatype\": \"image-downloads\", \"path\": "
                               "\"streams/v1/images.json\", \"products\": [\"a\", \"b\"]},"
                               "\"ids\": {\"datatype\": \"image-ids\", \"path\": \"streams/v1/ids.json\"},"
                               "\"more\": {\"path\": \"more.json\", \"datatype\": \"image-downloads\"}}}";
    cleanup_string_list struct string_list paths = {0};
    struct streams *s = streams_index(&paths);
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(streams_feed(s, text, strlen(text), &err), 0);
    assert_int_equal(streams_end(s, &err), 0);
    assert_int_equal(paths.count, 2);
    assert_string_equal(paths.items[0], "streams/v1/images.json");
    assert_string_equal(paths.items[1], "more.json");
}

static void a_product_has_four_parts(void **state)
{
    char good[] = "alpine:3.20:amd64:default", three[] = "a:b:c", five[] = "a:b:c:d:e", path[] = "a:..:c:d";
    struct image_name name;

    (void)state;
    assert_true(streams_split_product(good, &name));
    assert_string_equal(name.release, "3.20");
    assert_string_equal(name.variant, "default");
    assert_false(streams_split_product(three, &name));
    assert_false(streams_split_product(five, &name));
    assert_false(streams_split_product(path, &name));
}

static void an_escaped_colon_is_a_colon(void **state)
{
    (void)state;
    assert_true(streams_same_path("images/a/20220209_23%3A09", "/images/a/20220209_23:09"));
    assert_true(streams_same_path("a%3ab", "a:b"));
    assert_false(streams_same_path("a", "ab"));
    assert_false(streams_same_path("a%3", "a:"));
}

static void an_architecture_has_one_name_in_all_spellings(void **state)
{
    const struct image_name filter = {.arch = "x86_64"}, other = {.arch = "amd64"};

    (void)state;
    assert_string_equal(image_arch("x86_64"), "amd64");
    assert_string_equal(image_arch("aarch64"), "arm64");
    assert_string_equal(image_arch("armhf"), "armhf");
    assert_string_equal(image_arch("mips64el"), "mips64el");
    assert_true(strlen(image_arch(NULL)) > 0);
    assert_true(image_matches(&filter, "a", "b", "amd64", "d"));
    assert_true(image_matches(&other, "a", "b", "x86_64", "d"));
    assert_false(image_matches(&filter, "a", "b", "i386", "d"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_lists_images_however_it_is_cut),
        cmocka_unit_test(a_filter_keeps_what_it_names),
        cmocka_unit_test(lines_that_are_no_image_are_passed_over),
        cmocka_unit_test(builds_with_a_rootfs_are_told_with_their_sums),
        cmocka_unit_test(reading_stops_when_enough_is_known),
        cmocka_unit_test(a_name_with_control_codes_is_not_reported),
        cmocka_unit_test(malformed_lists_are_refused),
        cmocka_unit_test(an_endless_name_is_refused),
        cmocka_unit_test(the_index_names_lists_of_images),
        cmocka_unit_test(a_product_has_four_parts),
        cmocka_unit_test(an_escaped_colon_is_a_colon),
        cmocka_unit_test(an_architecture_has_one_name_in_all_spellings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
