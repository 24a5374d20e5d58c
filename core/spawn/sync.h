/*
 * The meeting points of monitor and child while a container starts: numbered messages over one socketpair
 * (SOCK_SEQPACKET), each side waiting for the next number. An error on the child's side comes back in place
 * of the number; the fds that the child made inside (console, ttys, devpts) come beside one. The end of the
 * socket (exec closes the child's) is the last point: init runs.
 */
#ifndef LXCBOX_CORE_RUN_SYNC_H
#define LXCBOX_CORE_RUN_SYNC_H

#include "core/base/error.h"
#include "core/base/message.h"

enum sync_point {
    SYNC_GO,       /* to the child: ids are mapped, cgroups entered */
    SYNC_DEVPTS,   /* to the monitor, where there is one: the container's devpts beside it */
    SYNC_TERMINAL, /* to the monitor, once for the console and for each tty: both ends of a pty beside it */
    SYNC_PREPARED, /* to the monitor: all is mounted */
    SYNC_EXEC,     /* to the child: links moved, device rules set, start-host hooks run; become init */
    SYNC_LISTENER, /* to the monitor, where the seccomp profile notifies: the listener beside it */
    SYNC_RUNNING,  /* to the monitor: the socket closed by exec */
};

/* 0 or a negative errno with `err` filled. `fds` may be NULL. */
int sync_send(int socket, enum sync_point point, const struct fd_list *fds, struct error *err);

/* The child's last word. */
void sync_fail(int socket, const struct error *what);

/*
 * Wait for the next point, whatever it is. Returns it; a negative errno with `err` filled by the other side
 * where it sent its error, and by us where a message is malformed (-EPROTO). `fds` may be NULL where none are
 * expected.
 */
int sync_next(int socket, struct fd_list *fds, struct error *err);

/*
 * Wait for a point. Returns 0 or a negative errno as above; -EPIPE where the other side is gone, -EPROTO
 * where it is out of step. `fds` as above.
 */
int sync_wait(int socket, enum sync_point point, struct fd_list *fds, struct error *err);

#endif
