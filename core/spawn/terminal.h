/*
 * A container's ttys: ptys of its own devpts, /dev/tty1 to /dev/ttyN inside. The monitor keeps the masters,
 * and reserves each for one client at a time (lxc-console).
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

/* Make a pty of this process's devpts, with a nonblocking master. 0 or a negative errno with `err` filled. */
int terminal_open(struct terminal *t, struct error *err);
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
