/*
 * The synchronization points of monitor and child while a container starts: numbered messages over one
 * socketpair (SOCK_SEQPACKET); each side waits for the next number. The child reports an error in place of a
 * number, and sends the fds that it opened inside (console, ttys, devpts) with one. The end of file, after
 * exec has closed the child's end, is the last point: init runs.
 */
#ifndef LXCBOX_CORE_SPAWN_SYNC_H
#define LXCBOX_CORE_SPAWN_SYNC_H

#include "core/base/error.h"
#include "core/base/message.h"

enum sync_point {
    SYNC_GO,       /* to the child: ids are mapped, cgroups entered */
    SYNC_DEVPTS,   /* to the monitor, where one is mounted: with an fd of the container's devpts */
    SYNC_TERMINAL, /* to the monitor: with both ends of each pty, the console first, then the ttys */
    SYNC_PREPARED, /* to the monitor: everything is mounted */
    SYNC_EXEC,     /* to the child: links moved, device rules set, start-host hooks run; execute init */
    SYNC_LISTENER, /* to the monitor, where the seccomp profile notifies: with the listener */
    SYNC_RUNNING,  /* to the monitor: exec has closed the socket */
};

/* 0 or a negative errno with `err` filled. `fds` may be NULL. */
int sync_send(int socket, enum sync_point point, const struct fd_list *fds, struct error *err);

/* Send the child's error in place of a point. */
void sync_fail(int socket, const struct error *what);

/*
 * Wait for the next point and return it. On failure, a negative errno with `err` filled: with the error that
 * the other side sent, or -EPROTO where a message is malformed. `fds` may be NULL where none are expected.
 */
int sync_next(int socket, struct fd_list *fds, struct error *err);

/*
 * Wait for one particular point. Returns 0 or a negative errno as above; -EPIPE where the other side has
 * ended, -EPROTO where another point is received. `fds` as above.
 */
int sync_wait(int socket, enum sync_point point, struct fd_list *fds, struct error *err);

#endif
