/*
 * Limits and kernel parameters: lxc.prlimit.*, lxc.proc.*, lxc.sysctl.*, lxc.no_new_privs, lxc.time.offset.*,
 * lxc.sched.core, lxc.keyring.session.
 */
#ifndef LXCBOX_CORE_CONFINE_LIMITS_H
#define LXCBOX_CORE_CONFINE_LIMITS_H

#include <sys/resource.h>
#include <sys/types.h>

#include "core/config/config.h"

/* The RLIMIT_* of "nofile", ...; -EINVAL. */
int limits_resource(const char *name);

/* "SOFT:HARD" or one number for both; "unlimited". 0 or -EINVAL. */
int limits_parse(const char *text, struct rlimit *out);

/* Set lxc.prlimit.* of the container's init, called by the monitor; pid 0: of this process. */
int limits_prlimit(const struct config *c, pid_t pid, struct error *err);

/*
 * Write lxc.proc.X = VALUE to /proc/PID/X ("oom_score_adj"), called by the monitor; pid 0: to /proc/self. An
 * X that leads to a file outside /proc/PID is refused.
 */
int limits_proc(const struct config *c, pid_t pid, struct error *err);

/*
 * Apply lxc.sysctl.*, called by the child, through the host's /proc (`proc_fd`), because the container's
 * /proc/sys may be read-only: the kernel uses the namespaces of the calling process. A parameter without a
 * namespace sets that of the host, as in LXC.
 */
int limits_sysctl(int proc_fd, const struct config *c, struct error *err);

/*
 * lxc.time.offset.boot, .monotonic: create a time namespace (if namespace_clone_flags() has CLONE_NEWTIME)
 * with these offsets and enter it. Called by the child, as root of its user namespace and before it forks.
 * time_namespaces(7), Linux 5.6. Without offsets, a kernel without time namespaces is not an error.
 */
int limits_time(const struct config *c, struct error *err);

/*
 * lxc.sched.core, called by the monitor before exec: tasks of the container do not share a core with other
 * tasks. No effect on a machine with one thread for each core. prctl(2), PR_SCHED_CORE, Linux 5.14.
 */
int limits_core(const struct config *c, pid_t pid, struct error *err);

/*
 * For a process that joins a container: take the core scheduling cookie of its process `pid`, if it has one.
 */
int limits_core_join(pid_t pid, struct error *err);

/*
 * Called by the child before exec: create a new session keyring, so that the container has no keys of the
 * host, unless lxc.keyring.session is set. Failures of the kernel are ignored as in LXC.
 */
int limits_keyring(const struct config *c, struct error *err);

/* lxc.no_new_privs. prctl(2). */
int limits_no_new_privs(const struct config *c, struct error *err);

#endif
