/* Paths inside a rootfs: by the kernel's openat2, and by the walk for kernels without it. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "tests/unit/skip.h"

static char directory[32];
static int root; /* DIRECTORY/root, beside DIRECTORY/secret */

static int make_root(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/lxcbox-unit.XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    cleanup_fd int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (mkdirat(dir, "root", 0755) < 0 || mkdirat(dir, "root/a", 0755) < 0 ||
        file_replace(dir, "secret", "s", 1, 0600) < 0 || file_replace(dir, "root/a/f", "f", 1, 0600) < 0)
        return -1;
    root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? -1 : 0;
}

static int remove_root(void **state)
{
    (void)state;
    close_fd(&root);
    return remove_tree(AT_FDCWD, directory);
}

static int opened(const char *path, int flags)
{
    cleanup_fd int fd = rootfs_open(root, path, flags, 0600);

    return fd < 0 ? fd : 0;
}

static void nothing_leaves_the_rootfs(void **state)
{
    (void)state;
    assert_int_equal(symlinkat("../secret", root, "up"), 0);
    assert_int_equal(symlinkat("/../../secret", root, "a/up"), 0);
    assert_int_equal(symlinkat("/etc", root, "host"), 0);
    assert_int_equal(symlinkat("../../../..", root, "a/top"), 0);
    static const char *const escapes[] = {"up",          "../secret",    "a/../../secret", "a/up",
                                          "host/passwd", "a/top/secret", "/a/../../secret"};
    for (size_t i = 0; i < ARRAY_LENGTH(escapes); i++)
        assert_int_equal(opened(escapes[i], O_RDONLY), -ENOENT);
    assert_int_equal(opened("a/top/a/f", O_RDONLY), 0);
}

static void what_is_made_through_a_link_is_made_inside(void **state)
{
    (void)state;
    assert_int_equal(symlinkat("../new", root, "a/link"), 0);
    assert_int_equal(opened("a/link", O_WRONLY | O_CREAT), 0);
    assert_int_equal(faccessat(root, "new", F_OK, 0), 0);
    cleanup_fd int made = rootfs_make_file(root, "a/../../../c/f", 0600);
    assert_true(made >= 0);
    assert_int_equal(faccessat(root, "c/f", F_OK, 0), 0);
    assert_int_equal(symlinkat("/x", root, "dir"), 0);
    cleanup_fd int deep = rootfs_make_directory(root, "a/y//z/", 0755);
    assert_true(deep >= 0);
    assert_int_equal(faccessat(root, "a/y/z", F_OK, 0), 0);
}

static void links_are_followed_only_where_asked_and_not_for_ever(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(symlinkat("loop", root, "loop"), 0);
    assert_int_equal(symlinkat("a/", root, "to-a"), 0);
    assert_int_equal(opened("loop", O_RDONLY), -ELOOP);
    assert_int_equal(opened("to-a/f", O_RDONLY), 0);
    assert_int_equal(opened("to-a", O_RDONLY | O_NOFOLLOW), -ELOOP);
    cleanup_fd int link = rootfs_open(root, "to-a", O_PATH | O_NOFOLLOW, 0);
    assert_int_equal(fstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void no_link_leads_to_a_place_without_links(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(symlinkat("a", root, "way"), 0);
    assert_int_equal(rootfs_make_directory_nofollow(root, "way", 0755), -ENOTDIR);
    assert_int_equal(rootfs_make_directory_nofollow(root, "way/new", 0755), -ENOTDIR);
    assert_int_equal(rootfs_make_file_nofollow(root, "way/f", 0600), -ENOTDIR);
    assert_int_equal(rootfs_make_file_nofollow(root, "a/../f", 0600), -EINVAL);
    assert_int_equal(symlinkat("f", root, "a/link"), 0);
    cleanup_fd int file = rootfs_make_file_nofollow(root, "/a/link", 0600);
    assert_int_equal(fstat(file, &st), 0);
    assert_true(S_ISREG(st.st_mode) && st.st_size == 0);
    assert_int_equal(fstatat(root, "a/f", &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(st.st_size, 1);
    cleanup_fd int kept = rootfs_make_file_nofollow(root, "a/f", 0600);
    assert_int_equal(fstat(kept, &st), 0);
    assert_int_equal(st.st_size, 1);
    cleanup_fd int deep = rootfs_make_directory_nofollow(root, "b//c/", 0755);
    assert_true(deep >= 0);
    assert_int_equal(faccessat(root, "b/c", F_OK, 0), 0);
}

static void the_errors_are_the_kernels(void **state)
{
    char longer[NAME_MAX + 2];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(opened("a/f/x", O_RDONLY), -ENOTDIR);
    assert_int_equal(opened("a/f/", O_RDONLY), -ENOTDIR);
    assert_int_equal(opened("a/f/..", O_RDONLY), -ENOTDIR);
    assert_int_equal(opened("", O_RDONLY), -ENOENT);
    assert_int_equal(opened("absent/x", O_WRONLY | O_CREAT), -ENOENT);
    assert_int_equal(opened(longer, O_RDONLY), -ENAMETOOLONG);
    assert_int_equal(opened("a/f", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
    assert_int_equal(opened("a/f", O_PATH | O_DIRECTORY), -ENOTDIR);
    assert_int_equal(opened("/", O_PATH | O_DIRECTORY), 0);
    assert_int_equal(opened("a/..", O_RDONLY | O_DIRECTORY), 0);
    cleanup_fd int fd = rootfs_open(root, "a/f", O_RDONLY, 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void every_fd_is_given_back(void **state)
{
    (void)state;
    int before = dup(0);
    close(before);
    for (int i = 0; i < 3; i++) {
        opened("a/f", O_RDONLY);
        opened("a/absent/x", O_RDONLY);
        opened("a/f/x", O_RDONLY);
        opened("a/..", O_RDONLY);
    }
    int after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

/* From here on the kernel has no openat2: seccomp(2). */
static int forget_openat2(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {ARRAY_LENGTH(rules), rules};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
                   prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0
               ? -1
               : 0;
}

static void without_openat2(void **state)
{
    (void)state;
    if (forget_openat2() < 0)
        SKIP("this kernel has no seccomp");
    assert_int_equal(syscall(SYS_openat2, 0, "", NULL, 0), -1);
    assert_int_equal(errno, ENOSYS);
}

#define PROMISES(way)                                                                                        \
    {"nothing_leaves_the_rootfs" way, nothing_leaves_the_rootfs, make_root, remove_root, NULL},              \
        {"what_is_made_through_a_link_is_made_inside" way, what_is_made_through_a_link_is_made_inside,       \
         make_root, remove_root, NULL},                                                                      \
        {"links_are_followed_only_where_asked" way, links_are_followed_only_where_asked_and_not_for_ever,    \
         make_root, remove_root, NULL},                                                                      \
        {"no_link_leads_to_a_place_without_links" way, no_link_leads_to_a_place_without_links, make_root,    \
         remove_root, NULL},                                                                                 \
        {"the_errors_are_the_kernels" way, the_errors_are_the_kernels, make_root, remove_root, NULL},        \
    {                                                                                                        \
        "every_fd_is_given_back" way, every_fd_is_given_back, make_root, remove_root, NULL                   \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {PROMISES(" (openat2)"), cmocka_unit_test(without_openat2),
                                       PROMISES(" (walk)")};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
