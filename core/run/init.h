/*
 * The first process of a running container, found so that its number cannot have passed on to another process
 * meanwhile. Source: pidfd_open(2), proc(5).
 */
#ifndef LXCBOX_CORE_RUN_INIT_H
#define LXCBOX_CORE_RUN_INIT_H

#include <sys/types.h>

#include "core/base/error.h"
#include "core/config/container.h"

/*
 * Open the process's directory in /proc, the caller's to close. All that is read or opened through it is of
 * this process, or fails once the process has ended. `pid` and `pidfd` may be NULL; *pidfd is the caller's to
 * close, -1 where the monitor has none to give. An fd or a negative errno with `err` filled; -EACCES where
 * the monitor is another user's than root's and ours, and names a process outside the user namespaces that
 * are that user's.
 */
int init_open(const struct container *c, pid_t *pid, int *pidfd, struct error *err);

/* Its number alone, for what is not entered. A negative errno with `err` filled as above. */
int init_pid(const struct container *c, struct error *err);

#endif
