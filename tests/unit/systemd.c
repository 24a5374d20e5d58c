/* A container's systemd: its version, and the cgroups it can live with. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/mount/systemd.h"

static void a_systemd_is_asked_for_what_it_cannot_live_with(void **state)
{
    const struct {
        unsigned version;
        enum cgroup_layout layout;
        enum systemd_cgroups needs;
    } cases[] = {
        {0, CGROUP_HYBRID, SYSTEMD_ANY},         {0, CGROUP_UNIFIED, SYSTEMD_ANY},
        {215, CGROUP_UNIFIED, SYSTEMD_NEEDS_V1}, {231, CGROUP_UNIFIED, SYSTEMD_NEEDS_V1},
        {232, CGROUP_UNIFIED, SYSTEMD_ANY},      {215, CGROUP_HYBRID, SYSTEMD_ANY},
        {252, CGROUP_HYBRID, SYSTEMD_ANY},       {255, CGROUP_LEGACY, SYSTEMD_ANY},
        {256, CGROUP_HYBRID, SYSTEMD_NEEDS_V2},  {258, CGROUP_LEGACY, SYSTEMD_NEEDS_V2},
        {257, CGROUP_HYBRID, SYSTEMD_ANY},       {257, CGROUP_LEGACY, SYSTEMD_ANY},
        {258, CGROUP_UNIFIED, SYSTEMD_ANY},      {258, CGROUP_UNKNOWN, SYSTEMD_ANY},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(systemd_cgroups(cases[i].version, cases[i].layout), cases[i].needs);
}

static void make(int root, const char *path)
{
    int fd = rootfs_make_file(root, path, 0755);

    assert_true(fd >= 0);
    close(fd);
}

static void its_version_is_that_of_its_library(void **state)
{
    const struct {
        const char *program, *library, *init;
        unsigned version;
    } cases[] = {
        {"lib/systemd/systemd", "lib/systemd/libsystemd-shared-241.so", NULL, 241},
        {"usr/lib/systemd/systemd", "usr/lib/systemd/libsystemd-shared-256.7-1.fc41.so", NULL, 256},
        {"usr/lib/systemd/systemd", "usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so", NULL, 257},
        {"usr/lib/systemd/systemd", "usr/lib/systemd/libsystemd-core-257.so", NULL, SYSTEMD_OLD},
        {"usr/lib/systemd/systemd", "usr/lib/systemd/libsystemd-shared-99999999999.so", NULL, SYSTEMD_OLD},
        {"lib/systemd/systemd", "lib/systemd/libsystemd-shared-241.so",
         "/lib/systemd/systemd --log-level=info", 241},
        {"lib/systemd/systemd", "lib/systemd/libsystemd-shared-241.so", "/bin/sh", 0},
        {"sbin/busybox", "lib/systemd/libsystemd-shared-241.so", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char directory[] = "/tmp/lxcbox-systemd-XXXXXX", link[64];

        assert_non_null(mkdtemp(directory));
        cleanup_fd int root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        make(root, cases[i].program);
        make(root, cases[i].library);
        make(root, "bin/sh");
        assert_true(mkdirat(root, "sbin", 0755) == 0 || errno == EEXIST);
        snprintf(link, sizeof(link), "/%s", cases[i].program);
        assert_int_equal(symlinkat(link, root, "sbin/init"), 0);
        assert_int_equal(systemd_version(root, cases[i].init), cases[i].version);
        assert_int_equal(remove_tree(AT_FDCWD, directory), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_systemd_is_asked_for_what_it_cannot_live_with),
        cmocka_unit_test(its_version_is_that_of_its_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
