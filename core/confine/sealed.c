#include "core/confine/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* kernel 6.3 */
#endif

#ifndef OPEN_TREE_CLONE /* not in musl 1.2.3; linux/mount.h */
#define OPEN_TREE_CLONE 1
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428 /* the same on every architecture but alpha */
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

#define MOUNT_READ_ONLY 1 /* MOUNT_ATTR_RDONLY */
#define SEALS           (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

/* Whether an fd refers to a file in a detached mount of only this file. */
static bool sealed_is_detached_mount(int fd)
{
    char path[8];
    struct statvfs st;

    return readlink("/proc/self/exe", path, sizeof(path)) == 1 && path[0] == '/' && fstatvfs(fd, &st) == 0 &&
           st.f_flag & ST_RDONLY;
}

bool sealed_running(void)
{
    cleanup_fd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int seals;

    if (fd < 0)
        return false;
    if (sealed_is_detached_mount(fd))
        return true;
    seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & SEALS) == SEALS;
}

static int sealed_make_mount(void)
{
    /* linux/mount.h, struct mount_attr: set, clear, propagation, user namespace. */
    const uint64_t attributes[4] = {MOUNT_READ_ONLY, 0, 0, 0};
    cleanup_fd int fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | O_CLOEXEC);

    if (fd < 0 || syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, attributes, sizeof(attributes)) < 0)
        return -errno;
    return take_fd(&fd);
}

/* MFD_EXEC is used if the kernel supports it, because vm.memfd_noexec may have changed the default. */
static int sealed_make_memfd(void)
{
    int fd = (int)syscall(SYS_memfd_create, "lxcbox", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

    if (fd < 0 && errno == EINVAL)
        fd = (int)syscall(SYS_memfd_create, "lxcbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

static int sealed_copy(int to)
{
    cleanup_fd int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (from < 0 || fstat(from, &st) < 0)
        return -errno;
    for (off_t left = st.st_size; left > 0;) {
        ssize_t n = sendfile(to, from, NULL, (size_t)left);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            return -EIO;
        left -= n > 0 ? n : 0;
    }
    return fcntl(to, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

/*
 * Execute by a path instead of execveat(2): TOMOYO looks up the kernel's name for an executed fd, /dev/fd/N,
 * which does not exist on every system. Returns only on failure, a negative errno.
 */
static int sealed_execute(int fd, char **argv)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    execve(path, argv, environ);
    return -errno;
}

int sealed_reexec(char **argv, struct error *err)
{
    int r;

    if (sealed_running()) {
        /* The kernel has named this process after the number of the fd. */
        const char *slash = argv[0] ? strrchr(argv[0], '/') : NULL;
        prctl(PR_SET_NAME, slash ? slash + 1 : argv[0] ? argv[0] : "lxcbox");
        return 0;
    }
    cleanup_fd int view = sealed_make_mount();
    if (view >= 0)
        (void)sealed_execute(view, argv);
    cleanup_fd int copy = sealed_make_memfd();
    r = copy < 0 ? copy : sealed_copy(copy);
    if (r == 0)
        r = sealed_execute(copy, argv);
    error_set(err, r,
              "cannot run from a sealed copy of this executable, which protects it from changes by "
              "the container");
    return r == -ENOSYS ? error_remedy(err, "use a kernel of version 3.19 or later, with memfd_create") : r;
}
