#include "core/run/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* kernel 6.3 */
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

bool sealed_running(void)
{
    cleanup_fd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);

    return seals >= 0 && (seals & SEALS) == SEALS;
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

int sealed_reexec(char **argv, struct error *err)
{
    int r;

    if (sealed_running()) {
        /* The kernel has named us after the fd's number. */
        const char *slash = argv[0] ? strrchr(argv[0], '/') : NULL;
        prctl(PR_SET_NAME, slash ? slash + 1 : argv[0] ? argv[0] : "lxcbox");
        return 0;
    }
    cleanup_fd int fd = make_memfd();
    r = fd < 0 ? fd : copy_self(fd);
    if (r == 0) {
        syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
        r = -errno;
    }
    error_set(err, r,
              "cannot run from a sealed copy of this executable, without which the container could "
              "change it");
    return r == -ENOSYS ? error_remedy(err, "use a kernel of version 3.19 or later, with memfd_create") : r;
}
