/*
 * Checks of the process that answers on a command socket. Any user may bind any abstract address, also that
 * of a stopped container, and so may a process in a container that shares the host's network namespace.
 * Source: unix(7), SO_PEERCRED and SCM_CREDENTIALS; proc(5), /proc/PID/ns and /proc/PID/cgroup.
 */
#ifndef LXCBOX_CORE_COMMAND_PEER_H
#define LXCBOX_CORE_COMMAND_PEER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * May this user run monitors of LXCPATH/NAME (`name` NULL: of LXCPATH)? Permitted are root, our own user, the
 * owner of the directory, and the owner of LXCPATH, who can replace the directory.
 */
bool peer_may_serve(const char *lxcpath, const char *name, uid_t uid);

/* The credentials of the process that listens behind a connected socket. 0 or a negative errno. */
int peer_listener(int connection, struct ucred *peer);

/*
 * Can the process be a monitor: is it in our pid namespace and user namespace, and not in the cgroup of a
 * container that we are not in ourselves? 1, 0, or -ESRCH where the process has ended.
 */
int peer_is_outside(pid_t pid);

#endif
