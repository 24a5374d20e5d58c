#include "core/base/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

int pty_open_master(int dirfd, const char *ptmx, int flags)
{
    cleanup_fd int master = openat(dirfd, ptmx, O_RDWR | O_NOCTTY | O_CLOEXEC | flags);
    int unlock = 0, r = master < 0 ? -errno : file_control(master, TIOCSPTLCK, (uintptr_t)&unlock);

    return r < 0 ? r : take_fd(&master);
}

int pty_open_slave(int master, struct error *err)
{
    int fd = file_control(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0)
        return fd;
    error_set(err, fd, "cannot open the other end of a pty");
    return error_remedy(err, "use a kernel of version 4.13 or later");
}
