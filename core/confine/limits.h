/*
 * Limits and kernel parameters: lxc.prlimit.*, lxc.proc.*, lxc.sysctl.*, lxc.no_new_privs, lxc.time.offset.*,
 * lxc.sched.core, lxc.keyring.session.
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

/* prlimit(2) on the container's init, by the monitor; pid 0: on who calls. */
int limits_prlimit(const struct config *c, pid_t pid, struct error *err);

/* lxc.proc.X = VALUE into /proc/PID/X ("oom_score_adj"), by the monitor; pid 0: into /proc/self. */
int limits_proc(const struct config *c, pid_t pid, struct error *err);

/*
 * lxc.sysctl.net.ipv4.ip_forward = 1 and so on, by the child, through the host's /proc (`proc_fd`): the
 * kernel gives each process its own namespaces' values, and the container's /proc/sys may be read-only. A
 * parameter that no namespace has sets the host's, as in LXC.
 */
int limits_sysctl(int proc_fd, const struct config *c, struct error *err);

/*
 * lxc.time.offset.boot, .monotonic: by the child, as root of its user namespace and before it forks: a time
 * namespace of its own (where namespace_clone_flags() has CLONE_NEWTIME) with these offsets, entered at once.
 * time_namespaces(7), Linux 5.6. Without offsets a kernel that has none is passed over.
 */
int limits_time(const struct config *c, struct error *err);

/*
 * lxc.sched.core: by the monitor, before exec: the container's tasks share the threads of a core only among
 * themselves. Nothing where the machine has one thread for each core. prctl(2), PR_SCHED_CORE, Linux 5.14.
 */
int limits_core(const struct config *c, pid_t pid, struct error *err);

/* By who joins a container: share the threads of a core with its process `pid`, which may have asked for it.
 */
int limits_core_join(pid_t pid, struct error *err);

/*
 * By the child, before exec: a new session keyring, so that the container has none of the host's keys, unless
 * lxc.keyring.session keeps it. A kernel without keyrings, or one that refuses, is passed over as in LXC.
 */
int limits_keyring(const struct config *c, struct error *err);

/* lxc.no_new_privs. prctl(2). */
int limits_no_new_privs(const struct config *c, struct error *err);

#endif
