/* Daemons: detaching from the caller, giving up privileges, pid files. */
#ifndef LXCBOX_CORE_BASE_DAEMON_H
#define LXCBOX_CORE_BASE_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"

/*
 * In a child process: close all fds except the log and the fd `keep`, and start a session with /dev/null as
 * standard input, output and error. `foreground`: stay in the caller's session and keep standard error. Exits
 * on failure: a daemon that holds the caller's standard output would keep its reader waiting.
 */
void daemon_leave_caller(int keep, bool foreground);

/*
 * The result of a start, once, from the daemon to the process that has started it, over a pipe.
 * daemon_report: in the daemon; closes `fd`. If it fails, nobody knows of the daemon: it has to exit.
 * daemon_await: in the parent of the daemon. If the daemon has failed, or cannot be heard, it is killed and
 * waited for: the parent never waits for a daemon that serves. `what` is its name in errors.
 */
int daemon_report(int fd, const struct error *result);
int daemon_await(int fd, pid_t pid, const char *what, struct error *err);

/* Become user nobody permanently, without any privilege, in the directory /. 0 or a negative errno. */
int daemon_become_nobody(struct error *err);

/*
 * A daemon holds a lock on its pid file while it runs, so a pid file that is left after a crash does not
 * count.
 * daemon_lock: in the daemon. Returns an fd to keep open, -EBUSY if another daemon runs, or another negative
 * errno.
 * daemon_find: returns the pid, 0 if the daemon does not run, or a negative errno.
 * daemon_stop: terminate the daemon (`what` is its name in errors), wait for its end, and remove the file.
 * Success also if the daemon does not run.
 */
int daemon_lock(const char *pid_file, struct error *err);
pid_t daemon_find(const char *pid_file);
int daemon_stop(const char *pid_file, const char *what, struct error *err);

#endif
