/* Becoming a process that outlives its caller, and one without rights. */
#ifndef LXCBOX_CORE_BASE_DAEMON_H
#define LXCBOX_CORE_BASE_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"

/*
 * In a child process: keep nothing of the caller's open but the log and the fd `keep`, and begin a session,
 * with /dev/null as standard input, output and error. `foreground`: stay in the session, with its standard
 * error.
 */
void daemon_leave_caller(int keep, bool foreground);

/* Become user nobody for good, without any right, in the directory /. 0 or a negative errno. */
int daemon_become_nobody(struct error *err);

/*
 * A daemon holds a lock on its pid file for as long as it runs, so that what a crash leaves is no daemon.
 * daemon_lock: in the daemon; an fd to keep open, -EBUSY where another one runs, or another negative errno.
 * daemon_find: its pid, 0 where it does not run, or a negative errno.
 * daemon_stop: end it (`what` names it in errors), wait until it has ended, and remove the file; success also
 * where it does not run.
 */
int daemon_lock(const char *pid_file, struct error *err);
pid_t daemon_find(const char *pid_file);
int daemon_stop(const char *pid_file, const char *what, struct error *err);

#endif
