/* Sizes beyond 4 GiB and times beyond 2038, which 32 bits do not hold: on every machine, also one of 32 bits.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/storage/copy_tree.h"
#include "core/storage/tar_write.h"
#include "fetch/http/certificate.h"
#include "fetch/unpack/unpack.h"
#include "net/dhcp/lease.h"
#include "tests/unit/skip.h"

#define GIB      (INT64_C(1) << 30)
#define IN_2100  INT64_C(4102444800) /* 2100-01-01 */
#define PAST_MAX 9                   /* GiB: tar's octal digits end at 8 */

_Static_assert(sizeof(off_t) == 8, "an offset has 64 bits");
_Static_assert(sizeof(time_t) == 8, "a time has 64 bits");

struct fixture {
    char path[64];
    int from, to;
    struct strbuf tar;
    struct error err;
};

static int make_both_directories(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    int directory;

    snprintf(f->path, sizeof(f->path), "/tmp/lxcbox-large.XXXXXX");
    assert_non_null(mkdtemp(f->path));
    directory = open(f->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(directory, "from", 0755) | mkdirat(directory, "to", 0755), 0);
    f->from = openat(directory, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    f->to = openat(directory, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(directory);
    *state = f;
    return 0;
}

static int remove_directories(void **state)
{
    struct fixture *f = *state;

    close(f->from);
    close(f->to);
    strbuf_free(&f->tar);
    remove_tree(AT_FDCWD, f->path);
    free(f);
    return 0;
}

/* A file of 9 GiB less a hole, with one text before 4 GiB and one after 8, last changed in the year 2100. */
static void make_large(struct fixture *f)
{
    const struct timespec times[] = {{IN_2100, 0}, {IN_2100, 0}};
    cleanup_fd int fd = openat(f->from, "large", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    if (ftruncate(fd, PAST_MAX * GIB) < 0)
        SKIP("this file system has no files of 9 GiB");
    assert_int_equal(pwrite(fd, "low", 3, 3 * GIB), 3);
    assert_int_equal(pwrite(fd, "high", 4, PAST_MAX * GIB - 4), 4);
    assert_int_equal(futimens(fd, times), 0);
}

static void assert_large(int dir)
{
    char text[5] = "";
    struct stat st;
    cleanup_fd int fd = openat(dir, "large", O_RDONLY | O_CLOEXEC);

    assert_int_equal(fstat(fd, &st), 0);
    assert_true(st.st_size == PAST_MAX * GIB);
    assert_true(st.st_mtime == IN_2100);
    assert_true(st.st_blocks < 2048); /* the hole is one */
    assert_int_equal(pread(fd, text, 3, 3 * GIB), 3);
    assert_string_equal(text, "low");
    assert_int_equal(pread(fd, text, 4, PAST_MAX * GIB - 4), 4);
    assert_string_equal(text, "high");
}

static void a_file_of_a_rootfs_is_opened(void **state)
{
    struct fixture *f = *state;

    make_large(f);
    cleanup_fd int fd = rootfs_open(f->from, "large", O_RDONLY, 0);
    assert_true(fd >= 0);
}

static void a_copy_keeps_them(void **state)
{
    struct fixture *f = *state;

    make_large(f);
    assert_large(f->from);
    if (copy_tree(f->from, f->to, &f->err) < 0)
        fail_msg("%s", f->err.text);
    assert_large(f->to);
}

static int put_all(void *context, const void *bytes, size_t length)
{
    return strbuf_add(context, bytes, length);
}

/* Write f->from as an archive and unpack that into f->to. */
static void archive_and_back(struct fixture *f)
{
    const struct config config = {.idmap_count = 0};
    const struct unpack_options options = {.keep_ids = true};
    cleanup_tar struct tar tar = {0};
    struct unpack *u;

    assert_int_equal(tar_begin(&tar, &(struct tar_sink){put_all, &f->tar}), 0);
    if (tar_put_tree(&tar, f->from, &config, &f->err) < 0)
        fail_msg("%s", f->err.text);
    assert_int_equal(tar_end(&tar), 0);
    assert_int_equal(unpack_start(f->to, &options, &u, &f->err), 0);
    assert_int_equal(unpack_feed(u, f->tar.text, f->tar.length, &f->err), 0);
    if (unpack_finish(u, NULL, &f->err) < 0)
        fail_msg("%s", f->err.text);
}

/* 9 GiB with data at the end, and none at all: as many bytes of the archive as there are data. */
static void an_archive_keeps_sizes_and_holes(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    make_large(f);
    cleanup_fd int hole = openat(f->from, "hole", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    cleanup_fd int both = openat(f->from, "both", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(ftruncate(hole, 5 * GIB), 0);
    assert_int_equal(pwrite(both, "begins", 6, 0), 6);
    assert_int_equal(ftruncate(both, 1 << 20), 0);
    archive_and_back(f);
    assert_true(f->tar.length < 100000);
    assert_large(f->to);
    assert_int_equal(fstatat(f->to, "hole", &st, 0), 0);
    assert_true(st.st_size == 5 * GIB && st.st_blocks == 0);
    assert_int_equal(fstatat(f->to, "both", &st, 0), 0);
    assert_true(st.st_size == 1 << 20 && st.st_blocks <= 8 * 4);
}

/* Of GNU's form: not octal, but a number. */
static void a_header_has_a_size_beyond_what_octal_digits_hold(void **state)
{
    static const unsigned char size[] = {0x80, 0, 0, 0, 0, 0, 0, 2, 0x40, 0, 0, 0};
    struct fixture *f = *state;

    assert_int_equal(tar_file_header("large", 0, IN_2100, &f->tar), 0);
    assert_int_equal(f->tar.length, 512);
    assert_int_equal(tar_file_header("large", PAST_MAX * GIB, IN_2100, &f->tar), 0);
    assert_int_equal(f->tar.length, 512);
    assert_memory_equal(f->tar.text + 124, size, sizeof(size));
    assert_memory_equal(f->tar.text + 136, "36441453400", 11);
}

static void an_archive_is_unpacked_with_its_times(void **state)
{
    struct fixture *f = *state;
    const struct timespec times[] = {{IN_2100, 0}, {IN_2100, 5}};
    struct stat st;

    assert_int_equal(file_replace(f->from, "file", "x", 1, 0644), 0);
    assert_int_equal(utimensat(f->from, "file", times, 0), 0);
    archive_and_back(f);
    assert_int_equal(fstatat(f->to, "file", &st, 0), 0);
    assert_true(st.st_mtim.tv_sec == IN_2100 && st.st_mtim.tv_nsec == 5);
}

/* GNU's oldest form of a sparse file in pax records: the file's size, how many pieces, where each lies. */
static void a_sparse_file_of_an_archive_is_unpacked(void **state)
{
    struct fixture *f = *state;
    static const char records[] = "30 GNU.sparse.size=9663676416\n"
                                  "26 GNU.sparse.numblocks=2\n"
                                  "44 GNU.sparse.map=3221225472,3,9663676412,4\n"
                                  "20 mtime=4102444800\n";
    const struct unpack_options options = {.keep_ids = true};
    cleanup_tar struct tar tar = {0};
    unsigned sum;
    struct unpack *u;

    assert_int_equal(tar_begin(&tar, &(struct tar_sink){put_all, &f->tar}), 0);
    assert_int_equal(tar_put_file(&tar, "pax", records, sizeof(records) - 1), 0);
    f->tar.text[156] = 'x';
    sum = (unsigned)strtoul(f->tar.text + 148, NULL, 8) + 'x' - '0';
    snprintf(f->tar.text + 148, 7, "%06o", sum);
    assert_int_equal(tar_put_file(&tar, "large", "lowhigh", 7), 0);
    assert_int_equal(tar_end(&tar), 0);
    assert_int_equal(unpack_start(f->to, &options, &u, &f->err), 0);
    assert_int_equal(unpack_feed(u, f->tar.text, f->tar.length, &f->err), 0);
    if (unpack_finish(u, NULL, &f->err) < 0)
        fail_msg("%s", f->err.text);
    assert_large(f->to);
}

static void a_lease_outlives_2038(void **state)
{
    struct lease l = {.address = 0x0a000302, .client = {.hardware = {2}, .hardware_size = 6}}, out;
    char line[LEASE_LINE_SIZE];
    size_t length;

    (void)state;
    l.expires = IN_2100;
    length = lease_format(&l, line);
    assert_int_equal(strncmp(line, "4102444800 ", 11), 0);
    assert_true(lease_parse(line, length - 1, &out));
    assert_true(out.expires == IN_2100 && lease_active(&out, IN_2100 - 1) && !lease_active(&out, IN_2100));
}

static void a_certificate_may_be_valid_after_2038(void **state)
{
    const struct certificate c = {.not_before = INT64_C(1700000000), .not_after = IN_2100};
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(certificate_in_time(&c, IN_2100) && !certificate_in_time(&c, IN_2100 + 1));
    assert_int_equal(certificate_explain_time("host", &c, 2 * IN_2100 - 86400, &err), -EKEYEXPIRED);
    assert_non_null(strstr(err.text, "2100-01-01"));
    assert_non_null(strstr(err.text, "2230-01-01"));
}

int main(void)
{
#define WITH_DIRECTORIES(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, make_both_directories, remove_directories)
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORIES(a_file_of_a_rootfs_is_opened),
        WITH_DIRECTORIES(a_copy_keeps_them),
        WITH_DIRECTORIES(an_archive_keeps_sizes_and_holes),
        WITH_DIRECTORIES(a_header_has_a_size_beyond_what_octal_digits_hold),
        WITH_DIRECTORIES(an_archive_is_unpacked_with_its_times),
        WITH_DIRECTORIES(a_sparse_file_of_an_archive_is_unpacked),
        cmocka_unit_test(a_lease_outlives_2038),
        cmocka_unit_test(a_certificate_may_be_valid_after_2038),
    };

    return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}
