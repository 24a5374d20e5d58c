/*
 * A container's ttys: ptys of its own devpts, /dev/tty1 to /dev/ttyN inside. The monitor keeps the masters,
 * and reserves each for one client at a time (lxc-console). Source: pty(7), TIOCGPTPEER in ioctl_tty(2).
 */
#ifndef LXCBOX_CORE_SPAWN_TERMINAL_H
#define LXCBOX_CORE_SPAWN_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

#define TERMINALS_MAX 32

struct terminal {
    int master; /* -1: none */
    int slave;  /* kept open, so that the master does not hang up between two logins */
    int holder; /* connection of the client that has reserved it; -1: free */
};

#define TERMINAL_NONE                                                                                        \
    {                                                                                                        \
        -1, -1, -1                                                                                           \
    }

struct terminals {
    struct terminal items[TERMINALS_MAX]; /* tty1 is items[0] */
    size_t count;
};

/* Open a new pty of a devpts, given by its ptmx: `dirfd` is an fd of its directory or AT_FDCWD, `ptmx` a
 * path.
 */
int terminal_open(struct terminal *t, int dirfd, const char *ptmx, struct error *err);
void terminal_close(struct terminal *t);

/*
 * Reserve a tty. *number in: N that tty, -1 any free one; out: the reserved one. It is reserved for
 * `connection` until terminals_release(). Returns the master, which the monitor still owns, -EBUSY when it is
 * reserved already or none is free, -EINVAL when the tty does not exist.
 */
int terminals_take(struct terminals *t, int *number, int connection);
void terminals_release(struct terminals *t, int connection);
void terminals_close(struct terminals *t);

#endif
