#include "core/spawn/terminal.h"

#include <errno.h>
#include <fcntl.h>

#include "core/base/cleanup.h"
#include "core/base/pty.h"

int terminal_open(struct terminal *t, struct error *err)
{
    cleanup_fd int master = pty_open_master(AT_FDCWD, "/dev/ptmx", O_NONBLOCK);

    *t = (struct terminal)TERMINAL_NONE;
    if (master < 0)
        return error_set(err, master, "cannot make a pty by /dev/ptmx");
    t->slave = pty_open_slave(master, err);
    if (t->slave < 0)
        return t->slave;
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
