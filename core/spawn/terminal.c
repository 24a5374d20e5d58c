#include "core/spawn/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

int terminal_open(struct terminal *t, int dirfd, const char *ptmx, struct error *err)
{
    cleanup_fd int master = openat(dirfd, ptmx, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int unlock = 0;

    *t = (struct terminal)TERMINAL_NONE;
    if (master < 0 || file_control(master, TIOCSPTLCK, (uintptr_t)&unlock) < 0)
        return error_set(err, errno, "cannot open a pty at %s", ptmx);
    t->slave = file_control(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (t->slave < 0) {
        error_set(err, errno, "cannot open the other end of a pty");
        return error_remedy(err, "use a kernel of version 4.13 or later");
    }
    t->master = take_fd(&master);
    return 0;
}

void terminal_close(struct terminal *t)
{
    close_fd(&t->master);
    close_fd(&t->slave);
    t->holder = -1;
}

int terminals_take(struct terminals *t, int *number, int connection)
{
    size_t first = 0, end = t->count;

    if (*number > 0) {
        if ((size_t)*number > t->count)
            return -EINVAL;
        first = (size_t)*number - 1;
        end = first + 1;
    }
    for (size_t i = first; i < end; i++) {
        if (t->items[i].holder >= 0)
            continue;
        t->items[i].holder = connection;
        *number = (int)i + 1;
        return t->items[i].master;
    }
    return -EBUSY;
}

void terminals_release(struct terminals *t, int connection)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->items[i].holder == connection)
            t->items[i].holder = -1;
}

void terminals_close(struct terminals *t)
{
    for (size_t i = 0; i < t->count; i++)
        terminal_close(&t->items[i]);
    t->count = 0;
}
