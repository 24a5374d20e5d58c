/* Pseudoterminals. Source: pty(7), ioctl_tty(2) (TIOCSPTLCK, TIOCGPTPEER), devpts.rst. */
#ifndef LXCBOX_CORE_BASE_PTY_H
#define LXCBOX_CORE_BASE_PTY_H

#include "core/base/error.h"

/*
 * Make a pty by the multiplexer of a devpts, and unlock its other end. `dirfd` and `ptmx`: where the
 * multiplexer is, as in openat(2). `flags`: O_NONBLOCK or 0. Returns the master or a negative errno (ENOSPC:
 * the devpts has its maximum of ptys).
 */
int pty_open_master(int dirfd, const char *ptmx, int flags);

/*
 * Open the other end of a pty without its path, which may name another file in this mount namespace. Returns
 * the slave or a negative errno with `err` filled.
 */
int pty_open_slave(int master, struct error *err);

#endif
