/*
 * The process that answers on a command socket. Any user may bind any abstract address, also that of a
 * container that is stopped, and so may a container that has the host's network namespace. Source: unix(7),
 * SO_PEERCRED and SCM_CREDENTIALS; proc(5), /proc/PID/ns and /proc/PID/cgroup.
 */
#ifndef LXCBOX_CORE_COMMAND_PEER_H
#define LXCBOX_CORE_COMMAND_PEER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * May this user run monitors of LXCPATH/NAME (`name` NULL: of LXCPATH): root, our own user, the owner of the
 * directory, and the owner of LXCPATH, who can replace the directory.
 */
bool peer_may_serve(const char *lxcpath, const char *name, uid_t uid);

/* The credentials of the process that listens behind a connected socket. 0 or a negative errno. */
int peer_listener(int connection, struct ucred *peer);

/*
 * Is the process a monitor's: in our pid namespace and user namespace, and in no container's cgroup that we
 * are not in ourselves? 1, 0, or -ESRCH where the process has ended.
 */
int peer_is_outside(pid_t pid);

#endif
