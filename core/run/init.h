/*
 * Finding the first process of a running container, without the risk that its pid has been reused for another
 * process. Source: pidfd_open(2), proc(5).
 */
#ifndef LXCBOX_CORE_RUN_INIT_H
#define LXCBOX_CORE_RUN_INIT_H

#include <sys/types.h>

#include "core/base/error.h"
#include "core/config/container.h"

/*
 * Open the process's directory in /proc, which the caller closes. Files read or opened through it belong to
 * this process; access fails once the process has ended. `pid` and `pidfd` may be NULL; the caller closes
 * *pidfd, which is -1 where the monitor has none. Returns the fd, or a negative errno with `err` filled;
 * -EACCES where the monitor runs as a user other than root and ours, and reports a process outside the user
 * namespaces of that user.
 */
int init_open(const struct container *c, pid_t *pid, int *pidfd, struct error *err);

/* Its pid only, for callers that do not enter it. A negative errno with `err` filled as above. */
int init_pid(const struct container *c, struct error *err);

#endif
