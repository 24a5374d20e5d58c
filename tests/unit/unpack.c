/* Unpacking: what a hostile tarball cannot do, and what of an honest one is kept. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/encoding/sha256.h"
#include "core/base/str.h"
#include "fetch/unpack/unpack.h"
#include "fetch/unpack/unpack_tree.h"
#include "tests/unit/skip.h"

/* A tar archive in the making (ustar, POSIX.1-1988), and the directory that it is unpacked into. */
struct fixture {
    char outer[64]; /* the directory around it, which nothing may change */
    int root;
    struct strbuf tar;
    struct unpack_options options;
    struct unpack_result result;
    struct error err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char path[96];

    snprintf(f->outer, sizeof(f->outer), "/tmp/lxcbox-unpack.XXXXXX");
    assert_non_null(mkdtemp(f->outer));
    snprintf(path, sizeof(path), "%s/root", f->outer);
    assert_int_equal(mkdir(path, 0755), 0);
    f->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(f->root >= 0);
    f->options.keep_ids = geteuid() != 0;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    close(f->root);
    strbuf_free(&f->tar);
    remove_tree(AT_FDCWD, f->outer);
    free(f);
    return 0;
}

static void entry(struct fixture *f, char type, const char *name, const char *link, const char *data)
{
    size_t size = data ? strlen(data) : 0;
    unsigned sum = 0;
    char header[512] = {0}, padding[512] = {0};

    snprintf(header, 101, "%s", name);
    snprintf(header + 100, 8, "%07o", 0644 | (type == '5' ? 0111 : 0));
    snprintf(header + 108, 8, "%07o", 0u);
    snprintf(header + 116, 8, "%07o", 0u);
    snprintf(header + 124, 12, "%011o", (unsigned)size);
    snprintf(header + 136, 12, "%011o", 1000000000u);
    memset(header + 148, ' ', 8);
    header[156] = type;
    snprintf(header + 157, 101, "%s", link ? link : "");
    memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof(header); i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    strbuf_add(&f->tar, header, sizeof(header));
    strbuf_add(&f->tar, data ? data : "", size);
    strbuf_add(&f->tar, padding, (512 - size % 512) % 512);
}

/* A pax header for the entry that follows: records "LENGTH KEY=VALUE\n". */
static void pax(struct fixture *f, const char *key, const void *value, size_t length)
{
    char record[512];
    size_t rest = strlen(key) + length + 3, total = rest + 2;
    int n;

    total = rest + (total > 99 ? 3 : 2);
    n = snprintf(record, sizeof(record), "%zu %s=", total, key);
    memcpy(record + n, value, length);
    record[(size_t)n + length] = '\n';
    assert_int_equal((size_t)n + length + 1, total);
    /* entry() takes a string, so a value with zeros is put in afterwards. */
    char *placeholder = calloc(1, total + 1);
    memset(placeholder, 'x', total);
    entry(f, 'x', "pax", NULL, placeholder);
    free(placeholder);
    memcpy(f->tar.text + f->tar.length - 512, record, total);
}

static int unpack_bytes(struct fixture *f, const void *bytes, size_t length, size_t piece)
{
    const char *from = bytes;
    struct unpack *u;
    int r = unpack_start(f->root, &f->options, &u, &f->err);

    assert_int_equal(r, 0);
    while (length) {
        size_t n = length < piece ? length : piece;
        if (unpack_feed(u, from, n, NULL) < 0)
            break;
        from += n;
        length -= n;
    }
    return unpack_finish(u, &f->result, &f->err);
}

static int unpack(struct fixture *f)
{
    char end[1024] = {0};

    strbuf_add(&f->tar, end, sizeof(end));
    return unpack_bytes(f, f->tar.text, f->tar.length, 4096);
}

static void assert_untouched(const struct fixture *f)
{
    DIR *d = opendir(f->outer);
    int count = 0;

    while (readdir(d))
        count++;
    closedir(d);
    assert_int_equal(count, 3); /* ".", "..", "root" */
}

static void assert_holds(const struct fixture *f, const char *path, const char *text)
{
    cleanup_free char *got = NULL;

    assert_int_equal(file_read(f->root, path, 1 << 20, &got, NULL), 0);
    assert_string_equal(got, text);
}

static void assert_refused(struct fixture *f, const char *word)
{
    assert_true(unpack(f) < 0);
    if (!strstr(f->err.text, word))
        fail_msg("\"%s\" does not say \"%s\"", f->err.text, word);
    assert_untouched(f);
}

static void an_honest_archive_is_unpacked_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct stat st, other;
    char target[16] = "";

    entry(f, '5', "./", NULL, NULL);
    entry(f, '5', "./etc/", NULL, NULL);
    entry(f, '0', "./etc/name", NULL, "text\n");
    entry(f, '1', "./etc/same", "./etc/name", NULL);
    entry(f, '2', "./link", "etc/name", NULL);
    entry(f, '6', "./fifo", NULL, NULL);
    entry(f, '0', "deep/er/file", NULL, "x");
    assert_int_equal(unpack(f), 0);
    assert_holds(f, "etc/name", "text\n");
    assert_int_equal(fstatat(f->root, "etc/name", &st, 0), 0);
    assert_int_equal(fstatat(f->root, "etc/same", &other, 0), 0);
    assert_int_equal(st.st_ino, other.st_ino);
    assert_int_equal(st.st_mtime, 1000000000);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_true(readlinkat(f->root, "link", target, sizeof(target)) > 0);
    assert_string_equal(target, "etc/name");
    assert_int_equal(fstatat(f->root, "fifo", &st, 0), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(fstatat(f->root, "etc", &st, 0), 0);
    assert_int_equal(st.st_mtime, 1000000000);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(f->result.entries, 7);
}

static void an_absolute_name_is_taken_from_the_root(void **state)
{
    struct fixture *f = *state;

    entry(f, '0', "/absolute", NULL, "x");
    assert_int_equal(unpack(f), 0);
    assert_holds(f, "absolute", "x");
}

static void dot_dot_is_refused(void **state)
{
    entry(*state, '0', "../escaped", NULL, "x");
    assert_refused(*state, "\"..\"");
}

static void dot_dot_in_the_middle_is_refused(void **state)
{
    entry(*state, '5', "a", NULL, NULL);
    entry(*state, '0', "a/../../escaped", NULL, "x");
    assert_refused(*state, "\"..\"");
}

static void dot_dot_at_the_end_is_refused(void **state)
{
    entry(*state, '5', "a", NULL, NULL);
    entry(*state, '5', "a/b/..", NULL, NULL);
    assert_refused(*state, "\"..\"");
}

static void a_hard_link_to_dot_dot_at_the_end_is_refused(void **state)
{
    entry(*state, '5', "a", NULL, NULL);
    entry(*state, '1', "b", "a/..", NULL);
    assert_refused(*state, "\"..\"");
}

static void nothing_is_written_through_a_link(void **state)
{
    entry(*state, '2', "out", "..", NULL);
    entry(*state, '0', "out/escaped", NULL, "x");
    assert_refused(*state, "not a directory");
}

static void nothing_is_written_through_a_link_to_a_directory_inside(void **state)
{
    entry(*state, '5', "real", NULL, NULL);
    entry(*state, '2', "alias", "real", NULL);
    entry(*state, '0', "alias/sub/file", NULL, "x");
    assert_refused(*state, "not a directory");
}

static void a_link_that_is_opened_anew_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    entry(f, '2', "file", "../escaped", NULL);
    entry(f, '0', "file", NULL, "x");
    assert_int_equal(unpack(f), 0);
    assert_int_equal(fstatat(f->root, "file", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_untouched(f);
}

static void a_hard_link_reaches_nothing_outside(void **state)
{
    entry(*state, '1', "passwd", "../../etc/passwd", NULL);
    assert_refused(*state, "\"..\"");
}

static void a_hard_link_reaches_nothing_through_a_link(void **state)
{
    entry(*state, '2', "out", "/etc", NULL);
    entry(*state, '1', "passwd", "out/passwd", NULL);
    assert_refused(*state, "not in the archive before it");
}

static void a_hard_link_to_what_comes_later_is_refused(void **state)
{
    entry(*state, '1', "a", "b", NULL);
    entry(*state, '0', "b", NULL, "x");
    assert_refused(*state, "not in the archive before it");
}

static void a_directory_does_not_give_way(void **state)
{
    entry(*state, '0', "dir/file", NULL, "x");
    entry(*state, '2', "dir", "/etc", NULL);
    assert_refused(*state, "replace a directory");
}

static void the_root_does_not_give_way(void **state)
{
    entry(*state, '2', "./", "/etc", NULL);
    assert_refused(*state, "root directory");
}

static void device_nodes_are_left_out_unless_asked_for(void **state)
{
    struct fixture *f = *state;

    entry(f, '3', "null", NULL, NULL);
    entry(f, '4', "disk", NULL, NULL);
    assert_int_equal(unpack(f), 0);
    assert_int_equal(f->result.devices_skipped, 2);
    assert_int_equal(f->result.entries, 0);
}

static void excluded_names_take_what_is_beneath_along(void **state)
{
    struct fixture *f = *state;

    f->options.excludes = "dev/*\n./var/cache\nnonesuch\n";
    entry(f, '5', "dev", NULL, NULL);
    entry(f, '0', "dev/a/b", NULL, "x");
    entry(f, '5', "var/cache", NULL, NULL);
    entry(f, '0', "var/cache/x/y", NULL, "x");
    entry(f, '0', "var/cached", NULL, "x");
    assert_int_equal(unpack(f), 0);
    assert_int_equal(f->result.excluded, 3);
    assert_int_equal(faccessat(f->root, "dev/a", F_OK, 0), -1);
    assert_int_equal(faccessat(f->root, "var/cache", F_OK, 0), -1);
    assert_int_equal(faccessat(f->root, "var/cached", F_OK, 0), 0);
}

static void ids_are_mapped(void **state)
{
    struct fixture *f = *state;
    const struct unpack_id_range range = {0, 100000, 65536};
    struct stat st;

    if (geteuid() != 0)
        SKIP("only root may give files away");
    f->options.uids = f->options.gids = &range;
    f->options.uid_count = f->options.gid_count = 1;
    entry(f, '0', "sub/file", NULL, "x");
    assert_int_equal(unpack(f), 0);
    assert_int_equal(fstatat(f->root, "sub/file", &st, 0), 0);
    assert_int_equal(st.st_uid, 100000);
    assert_int_equal(fstatat(f->root, "sub", &st, 0), 0);
    assert_int_equal(st.st_gid, 100000);
}

static void an_id_that_is_not_mapped_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct unpack_id_range range = {1, 100000, 65536};

    if (geteuid() != 0)
        SKIP("only root may give files away");
    f->options.uids = f->options.gids = &range;
    f->options.uid_count = f->options.gid_count = 1;
    entry(f, '0', "file", NULL, "x");
    assert_refused(f, "user 0, which is not mapped");
}

static void capabilities_name_the_containers_root(void **state)
{
    const struct unpack_id_range range = {0, 100000, 65536};
    const struct unpack_options plain = {0}, mapped = {.uids = &range, .uid_count = 1};
    const unsigned char v2[20] = {1, 0, 0, 2, 0, 0x20};
    unsigned char out[24];
    size_t length = sizeof(v2);

    (void)state;
    assert_int_equal(unpack_map_xattr(&plain, "security.capability", v2, &length, out), 1);
    assert_memory_equal(out, v2, sizeof(v2));
    assert_int_equal(unpack_map_xattr(&mapped, "security.capability", v2, &length, out), 1);
    assert_int_equal(length, 24);
    assert_memory_equal(out, "\1\0\0\3\0\x20", 6);
    assert_memory_equal(out + 20, "\xa0\x86\1\0", 4);
    length = 3;
    assert_int_equal(unpack_map_xattr(&mapped, "security.capability", v2, &length, out), -EINVAL);
    length = 3;
    assert_int_equal(unpack_map_xattr(&mapped, "security.selinux", v2, &length, out), 0);
    assert_int_equal(unpack_map_xattr(&mapped, "trusted.overlay.opaque", v2, &length, out), 0);
}

static void acls_have_their_ids_mapped(void **state)
{
    const struct unpack_id_range range = {0, 100000, 10};
    const struct unpack_options mapped = {.uids = &range, .uid_count = 1, .gids = &range, .gid_count = 1};
    const unsigned char acl[12] = {2, 0, 0, 0, 2, 0, 6, 0, 5, 0, 0, 0};
    const unsigned char unmapped[12] = {2, 0, 0, 0, 8, 0, 6, 0, 50, 0, 0, 0};
    unsigned char out[16];
    size_t length = 12;

    (void)state;
    assert_int_equal(unpack_map_xattr(&mapped, "system.posix_acl_access", acl, &length, out), 1);
    assert_memory_equal(out + 8, "\xa5\x86\1\0", 4);
    assert_int_equal(unpack_map_xattr(&mapped, "system.posix_acl_access", unmapped, &length, out),
                     -EOVERFLOW);
    length = 11;
    assert_int_equal(unpack_map_xattr(&mapped, "system.posix_acl_access", acl, &length, out), -EINVAL);
}

static void attributes_and_long_names_come_from_pax(void **state)
{
    struct fixture *f = *state;
    char value[8] = "", path[200];

    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    pax(f, "path", path, strlen(path));
    entry(f, '0', "short", NULL, "x");
    pax(f, "SCHILY.xattr.user.mime", "a/b", 3);
    entry(f, '0', "attributed", NULL, "x");
    assert_int_equal(unpack(f), 0);
    assert_holds(f, path, "x");
    if (f->result.xattrs_skipped)
        SKIP("this file system keeps no extended attributes");
    cleanup_fd int fd = openat(f->root, "attributed", O_RDONLY | O_CLOEXEC);
    assert_int_equal(fgetxattr(fd, "user.mime", value, sizeof(value)), 3);
    assert_string_equal(value, "a/b");
}

static void names_keep_their_bytes(void **state)
{
    struct fixture *f = *state;

    pax(f, "path", "f\xc5\x91", 3);
    entry(f, '0', "x", NULL, "utf-8");
    pax(f, "path", "g\xe9", 2);
    entry(f, '0', "x", NULL, "latin-1");
    assert_int_equal(unpack(f), 0);
    assert_holds(f, "f\xc5\x91", "utf-8");
    assert_holds(f, "g\xe9", "latin-1");
}

static void too_many_entries_are_refused(void **state)
{
    struct fixture *f = *state;

    f->options.max_entries = 2;
    for (int i = 0; i < 3; i++)
        entry(f, '0', (const char *[]){"a", "b", "c"}[i], NULL, "x");
    assert_refused(f, "more than 2 entries");
}

static void too_many_bytes_are_refused(void **state)
{
    struct fixture *f = *state;

    f->options.max_bytes = 2000;
    for (int i = 0; i < 3; i++)
        entry(f, '0', (const char *[]){"a", "b", "c"}[i], NULL, "x");
    assert_refused(f, "larger than 2000 bytes");
}

static void the_name_of_a_refused_entry_obeys_nobody(void **state)
{
    struct fixture *f = *state;

    entry(f, '0', "../\033[2J", NULL, "x");
    assert_true(unpack(f) < 0);
    assert_null(strchr(f->err.text, '\033'));
}

static void junk_is_no_archive(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(unpack_bytes(f, "this is not an archive at all", 25, 25), -EBADMSG);
    assert_true(f->err.remedy[0] != '\0');
    assert_int_equal(unpack_bytes(f, "", 0, 1), -EBADMSG);
}

static void a_truncated_archive_is_refused(void **state)
{
    struct fixture *f = *state;

    entry(f, '0', "file", NULL, "some text that is cut");
    assert_int_equal(unpack_bytes(f, f->tar.text, 520, 100), -EBADMSG);
}

/* The libraries of the executable, with which the tests of another machine are linked, only unpack. */
#pragma weak lzma_easy_buffer_encode

static void compressed(struct fixture *f, unsigned char **out, size_t *length)
{
    char end[1024] = {0};
    size_t room;

    if (!lzma_easy_buffer_encode)
        SKIP("the library here only unpacks");
    strbuf_add(&f->tar, end, sizeof(end));
    room = 2 * f->tar.length + 1024;
    *out = malloc(room);
    *length = 0;
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (const uint8_t *)f->tar.text,
                                             f->tar.length, *out, length, room),
                     LZMA_OK);
}

static void xz_is_unpacked_byte_for_byte(void **state)
{
    struct fixture *f = *state;
    cleanup_free unsigned char *bytes = NULL;
    size_t length;

    entry(f, '0', "file", NULL, "text");
    compressed(f, &bytes, &length);
    assert_int_equal(unpack_bytes(f, bytes, length, 1), 0);
    assert_holds(f, "file", "text");
}

static void a_truncated_xz_is_refused_wherever_it_ends(void **state)
{
    struct fixture *f = *state;
    cleanup_free unsigned char *bytes = NULL;
    size_t length;

    entry(f, '0', "file", NULL, "text");
    compressed(f, &bytes, &length);
    for (size_t cut = 0; cut < length; cut += 3)
        if (unpack_bytes(f, bytes, cut, 4096) == 0)
            fail_msg("cut after %zu of %zu bytes", cut, length);
}

static void a_wrong_bit_in_xz_is_refused(void **state)
{
    struct fixture *f = *state;
    cleanup_free unsigned char *bytes = NULL;
    size_t length;

    entry(f, '0', "file", NULL, "text");
    compressed(f, &bytes, &length);
    bytes[length / 2] ^= 1;
    assert_true(unpack_bytes(f, bytes, length, 4096) < 0);
}

static void large_archives_pass_through_small_queues(void **state)
{
    struct fixture *f = *state;
    size_t size = 12 << 20;
    char *data = malloc(size + 1);

    for (size_t i = 0; i < size; i++)
        data[i] = (char)('a' + i % 23);
    data[size] = '\0';
    entry(f, '0', "large", NULL, data);
    assert_int_equal(unpack(f), 0);
    cleanup_free char *got = NULL;
    size_t length;
    assert_int_equal(file_read(f->root, "large", size + 1, &got, &length), 0);
    assert_int_equal(length, size);
    assert_memory_equal(got, data, size);
    free(data);
}

static void it_can_be_stopped_in_the_middle(void **state)
{
    struct fixture *f = *state;
    struct unpack *u;

    entry(f, '0', "file", NULL, "some text");
    assert_int_equal(unpack_start(f->root, &f->options, &u, &f->err), 0);
    assert_int_equal(unpack_feed(u, f->tar.text, 600, &f->err), 0);
    unpack_cancel(u);
    unpack_cancel(NULL);
}

static void a_directory_that_comes_twice_is_as_the_last_says(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    entry(f, '5', "d", NULL, NULL);
    entry(f, '0', "d/file", NULL, "x");
    pax(f, "mtime", "1234567890", 10);
    entry(f, '5', "d", NULL, NULL);
    assert_int_equal(unpack(f), 0);
    assert_int_equal(fstatat(f->root, "d", &st, 0), 0);
    assert_int_equal(st.st_mtime, 1234567890);
}

/* The next layer on top of what has been unpacked. */
static void next_layer(struct fixture *f)
{
    f->tar.length = 0;
    f->options.layer = true;
}

static bool exists(const struct fixture *f, const char *path)
{
    return faccessat(f->root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void lower_layer(struct fixture *f)
{
    next_layer(f);
    entry(f, '5', "d", NULL, NULL);
    entry(f, '0', "d/old", NULL, "old");
    entry(f, '5', "d/sub", NULL, NULL);
    entry(f, '0', "d/sub/deep", NULL, "deep");
    entry(f, '0', "file", NULL, "file");
    entry(f, '5', "dir", NULL, NULL);
    entry(f, '0', "dir/x", NULL, "x");
    entry(f, '2', "link", "d", NULL);
    entry(f, '2', "out", "/tmp", NULL);
    assert_int_equal(unpack(f), 0);
    next_layer(f);
}

static void a_whiteout_removes_what_lower_layers_have(void **state)
{
    struct fixture *f = *state;

    lower_layer(f);
    entry(f, '0', "d/.wh.old", NULL, "");
    entry(f, '0', ".wh.dir", NULL, "");
    entry(f, '0', ".wh.link", NULL, "");
    entry(f, '0', "missing/.wh.x", NULL, "");
    assert_int_equal(unpack(f), 0);
    assert_false(exists(f, "d/old"));
    assert_true(exists(f, "d/sub/deep"));
    assert_false(exists(f, "dir"));
    assert_false(exists(f, "link"));
    assert_false(exists(f, "missing"));
    assert_untouched(f);
}

static void a_whiteout_spares_what_its_own_layer_has(void **state)
{
    struct fixture *f = *state;

    lower_layer(f);
    entry(f, '0', "d/old", NULL, "new");
    entry(f, '0', "d/.wh.old", NULL, "");
    entry(f, '0', "d/sub/own", NULL, "own");
    entry(f, '0', "d/.wh.sub", NULL, "");
    assert_int_equal(unpack(f), 0);
    assert_true(exists(f, "d/old"));
    assert_true(exists(f, "d/sub/own"));
    assert_false(exists(f, "d/sub/deep"));
}

static void an_opaque_directory_hides_lower_layers_in_any_order(void **state)
{
    struct fixture *f = *state;

    lower_layer(f);
    entry(f, '0', "d/new", NULL, "new");
    entry(f, '0', "d/.wh..wh..opq", NULL, "");
    entry(f, '0', "d/later", NULL, "later");
    entry(f, '0', "d/.wh..wh.plnk", NULL, "");
    assert_int_equal(unpack(f), 0);
    assert_true(exists(f, "d/new"));
    assert_true(exists(f, "d/later"));
    assert_false(exists(f, "d/old"));
    assert_false(exists(f, "d/sub"));
    assert_false(exists(f, "d/.wh..wh.plnk"));
    assert_true(exists(f, "file"));
}

static void a_layer_replaces_types(void **state)
{
    struct fixture *f = *state;
    char target[8] = "";

    lower_layer(f);
    entry(f, '0', "d", NULL, "now a file");
    entry(f, '5', "file", NULL, NULL);
    entry(f, '2', "dir", "file", NULL);
    entry(f, '5', "link", NULL, NULL);
    assert_int_equal(unpack(f), 0);
    assert_false(exists(f, "d/sub"));
    assert_true(faccessat(f->root, "file/.", F_OK, 0) == 0);
    assert_int_equal(readlinkat(f->root, "dir", target, sizeof(target)), 4);
    assert_true(readlinkat(f->root, "link", target, sizeof(target)) < 0);
    assert_untouched(f);
}

static void a_layer_writes_through_links_inside_of_the_root_alone(void **state)
{
    struct fixture *f = *state;

    lower_layer(f);
    entry(f, '0', "link/via", NULL, "via");
    assert_int_equal(unpack(f), 0);
    assert_true(exists(f, "d/via"));
    next_layer(f);
    entry(f, '0', "out/lxcbox-unpack-escape", NULL, "escape");
    unpack(f);
    assert_true(access("/tmp/lxcbox-unpack-escape", F_OK) < 0);
    next_layer(f);
    entry(f, '0', "out/.wh.x", NULL, "");
    entry(f, '0', "d/.wh...", NULL, "");
    assert_int_equal(unpack(f), -EPERM);
    next_layer(f);
    entry(f, '0', "d/.wh.", NULL, "");
    assert_int_equal(unpack(f), -EPERM);
    assert_untouched(f);
}

static void a_hard_link_reaches_lower_layers(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    lower_layer(f);
    entry(f, '1', "hard", "d/sub/deep", NULL);
    assert_int_equal(unpack(f), 0);
    assert_int_equal(fstatat(f->root, "hard", &st, 0), 0);
    assert_int_equal(st.st_nlink, 2);
}

static void a_change_inside_keeps_the_time_of_a_directory(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    lower_layer(f);
    entry(f, '0', "d/new", NULL, "new");
    entry(f, '0', "d/sub/new", NULL, "new");
    assert_int_equal(unpack(f), 0);
    assert_int_equal(fstatat(f->root, "d", &st, 0), 0);
    assert_int_equal(st.st_mtime, 1000000000);
    assert_int_equal(fstatat(f->root, "d/sub", &st, 0), 0);
    assert_int_equal(st.st_mtime, 1000000000);
}

static void the_sum_is_that_of_the_uncompressed_archive(void **state)
{
    struct fixture *f = *state;
    unsigned char wanted[SHA256_SIZE];
    char end[1024] = {0}, more[300] = "bytes after the end count, too";
    struct sha256 s;

    entry(f, '0', "x", NULL, "x");
    strbuf_add(&f->tar, end, sizeof(end));
    strbuf_add(&f->tar, more, sizeof(more));
    f->options.sum = true;
    assert_int_equal(unpack_bytes(f, f->tar.text, f->tar.length, 100), 0);
    sha256_init(&s);
    sha256_update(&s, f->tar.text, f->tar.length);
    sha256_out(&s, wanted);
    assert_memory_equal(f->result.sum, wanted, sizeof(wanted));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_honest_archive_is_unpacked_as_it_is),
        TEST(an_absolute_name_is_taken_from_the_root),
        TEST(dot_dot_is_refused),
        TEST(dot_dot_in_the_middle_is_refused),
        TEST(dot_dot_at_the_end_is_refused),
        TEST(a_hard_link_to_dot_dot_at_the_end_is_refused),
        TEST(nothing_is_written_through_a_link),
        TEST(nothing_is_written_through_a_link_to_a_directory_inside),
        TEST(a_link_that_is_opened_anew_is_replaced),
        TEST(a_hard_link_reaches_nothing_outside),
        TEST(a_hard_link_reaches_nothing_through_a_link),
        TEST(a_hard_link_to_what_comes_later_is_refused),
        TEST(a_directory_does_not_give_way),
        TEST(the_root_does_not_give_way),
        TEST(device_nodes_are_left_out_unless_asked_for),
        TEST(excluded_names_take_what_is_beneath_along),
        TEST(ids_are_mapped),
        TEST(an_id_that_is_not_mapped_is_refused),
        TEST(capabilities_name_the_containers_root),
        TEST(acls_have_their_ids_mapped),
        TEST(attributes_and_long_names_come_from_pax),
        TEST(names_keep_their_bytes),
        TEST(too_many_entries_are_refused),
        TEST(too_many_bytes_are_refused),
        TEST(the_name_of_a_refused_entry_obeys_nobody),
        TEST(junk_is_no_archive),
        TEST(a_truncated_archive_is_refused),
        TEST(xz_is_unpacked_byte_for_byte),
        TEST(a_truncated_xz_is_refused_wherever_it_ends),
        TEST(a_wrong_bit_in_xz_is_refused),
        TEST(large_archives_pass_through_small_queues),
        TEST(it_can_be_stopped_in_the_middle),
        TEST(a_directory_that_comes_twice_is_as_the_last_says),
        TEST(a_whiteout_removes_what_lower_layers_have),
        TEST(a_whiteout_spares_what_its_own_layer_has),
        TEST(an_opaque_directory_hides_lower_layers_in_any_order),
        TEST(a_layer_replaces_types),
        TEST(a_layer_writes_through_links_inside_of_the_root_alone),
        TEST(a_hard_link_reaches_lower_layers),
        TEST(a_change_inside_keeps_the_time_of_a_directory),
        TEST(the_sum_is_that_of_the_uncompressed_archive),
    };
    return cmocka_run_group_tests_name("unpack", tests, NULL, NULL);
}
