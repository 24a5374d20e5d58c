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

#ifndef OPEN_TREE_CLONE /* musl 1.2.3 has none of these; linux/mount.h */
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

/* The path of a file that is mounted alone and attached nowhere. */
static bool is_detached_mount(int fd)
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
    if (is_detached_mount(fd))
        return true;
    seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & SEALS) == SEALS;
}

static int make_view(void)
{
    /* linux/mount.h, struct mount_attr: set, clear, propagation, user namespace. */
    const uint64_t attributes[4] = {MOUNT_READ_ONLY, 0, 0, 0};
    cleanup_fd int fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | O_CLOEXEC);

    if (fd < 0 || syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, attributes, sizeof(attributes)) < 0)
        return -errno;
    return take_fd(&fd);
}

/* MFD_EXEC is asked for where it is known, since vm.memfd_noexec may have turned the default round. */
static int make_memfd(void)
{
    int fd = (int)syscall(SYS_memfd_create, "lxcbox", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

    if (fd < 0 && errno == EINVAL)
        fd = (int)syscall(SYS_memfd_create, "lxcbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

static int copy_self(int to)
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

/* By a path, which execveat(2) would spare: TOMOYO looks up the name that the kernel gives to what is
 * executed by an fd, /dev/fd/N, and not every system has that. Returns only a negative errno. */
static int execute(int fd, char **argv)
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
        /* The kernel has named us after the fd's number. */
        const char *slash = argv[0] ? strrchr(argv[0], '/') : NULL;
        prctl(PR_SET_NAME, slash ? slash + 1 : argv[0] ? argv[0] : "lxcbox");
        return 0;
    }
    cleanup_fd int view = make_view();
    if (view >= 0)
        (void)execute(view, argv);
    cleanup_fd int copy = make_memfd();
    r = copy < 0 ? copy : copy_self(copy);
    if (r == 0)
        r = execute(copy, argv);
    error_set(err, r,
              "cannot run from a sealed copy of this executable, without which the container could "
              "change it");
    return r == -ENOSYS ? error_remedy(err, "use a kernel of version 3.19 or later, with memfd_create") : r;
}
