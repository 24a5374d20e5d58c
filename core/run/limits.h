/*
 * Limits and kernel parameters: lxc.prlimit.*, lxc.proc.*, lxc.sysctl.*, lxc.no_new_privs.
 */
#ifndef LXCBOX_CORE_RUN_LIMITS_H
#define LXCBOX_CORE_RUN_LIMITS_H

#include <sys/resource.h>
#include <sys/types.h>

#include "core/config/config.h"

/* The RLIMIT_* of "nofile", ...; -EINVAL. */
int limits_resource(const char *name);

/* "SOFT:HARD" or one number for both; "unlimited". 0 or -EINVAL. */
int limits_parse(const char *text, struct rlimit *out);

/* prlimit(2) on the container's init, by the monitor. */
int limits_prlimit(const struct config *c, pid_t pid, struct error *err);

/* lxc.proc.X = VALUE into /proc/PID/X ("oom_score_adj"), by the monitor. */
int limits_proc(const struct config *c, pid_t pid, struct error *err);

/*
 * lxc.sysctl.net.ipv4.ip_forward = 1 and so on, by the child, through the host's /proc (`proc_fd`): the
 * kernel gives each process its own namespaces' values, and the container's /proc/sys may be read-only. A
 * parameter that no namespace has sets the host's, as in LXC.
 */
int limits_sysctl(int proc_fd, const struct config *c, struct error *err);

/* lxc.no_new_privs. prctl(2). */
int limits_no_new_privs(const struct config *c, struct error *err);

#endif
