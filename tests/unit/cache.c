/* The image cache, and the metadata that it holds. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "fetch/index/cache.h"
#include "fetch/index/metadata.h"

static const struct image_name name = {"alpine", "3.20", "amd64", "default"};

static int make_directory(void **state)
{
    char path[] = "/tmp/lxcbox-unit-cache.XXXXXX";

    if (!mkdtemp(path))
        return -1;
    *state = strdup(path);
    return *state ? 0 : -1;
}

static int remove_directory(void **state)
{
    remove_tree(AT_FDCWD, *state);
    free(*state);
    return 0;
}

static void open_cache(const char *directory, struct cache *c)
{
    struct error err = ERROR_INIT;

    assert_int_equal(cache_open(directory, &name, c, &err), 0);
    assert_int_equal(cache_make(c, &err), 0);
}

/* A whole image by the way a download goes. */
static void store(struct cache *c, const char *build, const char *rootfs)
{
    cleanup_partial struct partial p = {.dir = -1, .rootfs = -1};
    struct meta_file files[] = {{"config", (char *)(uintptr_t) "lxc.arch = x86_64\n", 18},
                                {"expiry", (char *)(uintptr_t) "1000\n", 5}};
    struct meta_files all = {files, 2};
    struct error err = ERROR_INIT;

    assert_int_equal(cache_begin(c, "https://h/rootfs.tar.xz", &p, &err), 0);
    assert_int_equal(write_all(p.rootfs, rootfs, strlen(rootfs)), 0);
    assert_int_equal(cache_note(c, &p, "https://h/rootfs.tar.xz", "\"e\"", &err), 0);
    assert_int_equal(cache_commit(c, &p, &all, build, &err), 0);
}

static void an_image_lies_in_lxcs_layout(void **state)
{
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    cleanup_cached_image struct cached_image image = {.rootfs = -1};
    cleanup_free char *path = NULL, *text = NULL;
    struct error err = ERROR_INIT;
    char bytes[16] = "";

    open_cache(*state, &c);
    assert_int_equal(cache_read(&c, &image, &err), 0);
    store(&c, "20260101_13:00", "rootfs");
    assert_int_equal(cache_read(&c, &image, &err), 1);
    assert_string_equal(image.build, "20260101_13:00");
    assert_int_equal(read_all(image.rootfs, bytes, sizeof(bytes)), 6);
    path = format_string("%s/download/alpine/3.20/amd64/default/build_id", (char *)*state);
    assert_int_equal(file_read(AT_FDCWD, path, 100, &text, NULL), 0);
    assert_string_equal(text, "20260101_13:00\n");
    assert_string_equal(image.origin, "https://h/rootfs.tar.xz");
}

static void an_image_without_its_build_is_none(void **state)
{
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    cleanup_cached_image struct cached_image image = {.rootfs = -1};
    cleanup_free char *path = format_string("%s/download/alpine/3.20/amd64/default/build_id", (char *)*state);
    struct error err = ERROR_INIT;

    open_cache(*state, &c);
    store(&c, "1", "rootfs");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(cache_read(&c, &image, &err), 0);
}

static void a_new_build_replaces_the_former_which_an_open_reader_keeps(void **state)
{
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    cleanup_cached_image struct cached_image before = {.rootfs = -1}, after = {.rootfs = -1};
    struct error err = ERROR_INIT;
    char bytes[16] = "";

    open_cache(*state, &c);
    store(&c, "1", "former");
    assert_int_equal(cache_read(&c, &before, &err), 1);
    store(&c, "2", "latter");
    assert_int_equal(cache_read(&c, &after, &err), 1);
    assert_string_equal(after.build, "2");
    assert_int_equal(read_all(before.rootfs, bytes, sizeof(bytes)), 6);
    assert_string_equal(bytes, "former");
}

static void a_broken_download_is_continued_for_the_same_url_only(void **state)
{
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    struct error err = ERROR_INIT;
    struct partial p = {.dir = -1, .rootfs = -1};

    open_cache(*state, &c);
    assert_int_equal(cache_begin(&c, "https://h/a", &p, &err), 0);
    assert_int_equal(p.have, 0);
    assert_int_equal(cache_note(&c, &p, "https://h/a", "\"tag\"", &err), 0);
    assert_int_equal(write_all(p.rootfs, "1234", 4), 0);
    partial_close(&p);
    assert_int_equal(cache_begin(&c, "https://h/a", &p, &err), 0);
    assert_int_equal(p.have, 4);
    assert_string_equal(p.validator, "\"tag\"");
    partial_close(&p);
    assert_int_equal(cache_begin(&c, "https://h/b", &p, &err), 0);
    assert_int_equal(p.have, 0);
    assert_null(p.validator);
    partial_close(&p);
}

static void the_lock_keeps_others_out_until_it_is_closed(void **state)
{
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    cleanup_free char *path = format_string("%s/download/alpine/3.20/amd64/.default.lock", (char *)*state);
    cleanup_fd int other = -1;
    struct error err = ERROR_INIT;

    open_cache(*state, &c);
    assert_int_equal(cache_lock(&c, NULL, &err), 0);
    other = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    close_fd(&c.lock);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
}

static void an_image_expires(void **state)
{
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    cleanup_cached_image struct cached_image image = {.rootfs = -1};
    struct error err = ERROR_INIT;

    open_cache(*state, &c);
    store(&c, "1", "x");
    assert_int_equal(cache_read(&c, &image, &err), 1);
    assert_false(cached_image_expired(&image, "system", 999));
    assert_true(cached_image_expired(&image, "system", 1001));
    assert_int_equal(cache_flush(&c, &err), 0);
    cached_image_close(&image);
    assert_int_equal(cache_read(&c, &image, &err), 0);
}

static void a_name_that_leaves_the_cache_is_refused(void **state)
{
    static const struct image_name bad[] = {
        {"..", "a", "b", "c"}, {"a", "b/c", "d", "e"}, {"a", "", "c", "d"}, {"a", "b", "c", ".lock"}};
    struct error err = ERROR_INIT;

    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        cleanup_cache struct cache c = {.parent = -1, .lock = -1};

        assert_int_equal(cache_open(*state, &bad[i], &c, &err), -EINVAL);
    }
}

/* --- Metadata ------------------------------------------------------------------------------------------ */

/* A tarball of empty-mode entries "name", "text" pairs, as gzip. */
static size_t make_tar(const char *const *pairs, char *out, size_t size)
{
    struct archive *a = archive_write_new();
    size_t used = 0;

    archive_write_set_format_ustar(a);
    archive_write_add_filter_gzip(a);
    archive_write_open_memory(a, out, size, &used);
    for (; *pairs; pairs += 2) {
        struct archive_entry *e = archive_entry_new();
        bool directory = ends_with(pairs[0], "/");

        archive_entry_set_pathname(e, pairs[0]);
        archive_entry_set_filetype(e, directory ? AE_IFDIR : AE_IFREG);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, (la_int64_t)strlen(pairs[1]));
        archive_write_header(a, e);
        archive_write_data(a, pairs[1], strlen(pairs[1]));
        archive_entry_free(e);
    }
    archive_write_free(a);
    return used;
}

static void the_mode_and_the_compat_level_are_preferred(void **state)
{
    static const char *const pairs[] = {"./",
                                        "",
                                        "./config",
                                        "plain",
                                        "config-user",
                                        "user",
                                        "config-user.7",
                                        "user seven",
                                        "config.7",
                                        "seven",
                                        "fstab-user",
                                        "for user",
                                        "excludes.7",
                                        "e7",
                                        "excludes-system",
                                        "es",
                                        "create-message",
                                        "hello",
                                        "config.8",
                                        "eight",
                                        "rootfs.tar.xz",
                                        "no",
                                        "sub/config",
                                        "no",
                                        "build_id",
                                        "no",
                                        NULL};
    cleanup_meta_files struct meta_files files = {0};
    struct error err = ERROR_INIT;
    static char tar[65536];
    size_t length = make_tar(pairs, tar, sizeof(tar));

    (void)state;
    assert_int_equal(meta_read_tar(tar, length, "meta.tar.xz", &files, &err), 0);
    assert_int_equal(files.count, 9);
    assert_string_equal(meta_find(&files, "config", "system"), "seven");
    assert_string_equal(meta_find(&files, "config", "user"), "user seven");
    assert_null(meta_find(&files, "fstab", "system"));
    assert_string_equal(meta_find(&files, "fstab", "user"), "for user");
    assert_string_equal(meta_find(&files, "excludes", "system"), "es");
    assert_string_equal(meta_find(&files, "excludes", "user"), "e7");
    {
        cleanup_image_metadata struct image_metadata meta = {0};

        assert_int_equal(meta_select(&files, "user", &meta), 0);
        assert_string_equal(meta.config, "user seven");
        assert_string_equal(meta.create_message, "hello");
        assert_null(meta.templates);
    }
}

static void a_damaged_tarball_is_refused(void **state)
{
    static const char *const pairs[] = {"config", "lxc.arch = x86_64", NULL};
    static char tar[65536];
    size_t length = make_tar(pairs, tar, sizeof(tar));
    cleanup_meta_files struct meta_files files = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(meta_read_tar(tar, length / 2, "meta.tar.xz", &files, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "meta.tar.xz is damaged"));
    assert_int_equal(meta_read_tar("no tarball", 10, "meta.tar.xz", &files, &err), -EBADMSG);
    assert_int_equal(meta_read_tar("", 0, "meta.tar.xz", &files, &err), -EBADMSG);
}

static void a_file_beyond_its_bound_is_refused(void **state)
{
    static char big[300 * 1024], tar[65536];
    const char *const pairs[] = {"config", big, NULL};
    cleanup_meta_files struct meta_files files = {0};
    struct error err = ERROR_INIT;
    size_t length;

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    length = make_tar(pairs, tar, sizeof(tar));
    assert_int_equal(meta_read_tar(tar, length, "meta.tar.xz", &files, &err), -EFBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_image_lies_in_lxcs_layout, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(an_image_without_its_build_is_none, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_new_build_replaces_the_former_which_an_open_reader_keeps,
                                        make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_broken_download_is_continued_for_the_same_url_only, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(the_lock_keeps_others_out_until_it_is_closed, make_directory,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(an_image_expires, make_directory, remove_directory),
        cmocka_unit_test_setup_teardown(a_name_that_leaves_the_cache_is_refused, make_directory,
                                        remove_directory),
        cmocka_unit_test(the_mode_and_the_compat_level_are_preferred),
        cmocka_unit_test(a_damaged_tarball_is_refused),
        cmocka_unit_test(a_file_beyond_its_bound_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
