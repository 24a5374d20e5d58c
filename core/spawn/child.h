/*
 * The container's first process, from the clone until it becomes init. Made by launch.c only.
 */
#ifndef LXCBOX_CORE_RUN_CHILD_H
#define LXCBOX_CORE_RUN_CHILD_H

#include <signal.h>

#include "core/cgroup/cgroup.h"
#include "core/namespace/namespace.h"
#include "core/confine/seccomp.h"
#include "core/monitor/start.h"
#include "core/spawn/sync.h"

struct child {
    const struct container *container;
    const struct config *config;
    const struct start_options *options;
    const struct seccomp_program *seccomp;
    struct cgroup *cgroup;
    const char *label;           /* of the generated AppArmor profile; NULL: none */
    bool unprivileged;           /* who starts it is not root */
    bool in_cgroup;              /* born in the v2 one: filled by child_start() */
    uint64_t own;                /* CLONE_NEW* mask of the namespaces it gets of its own */
    int shared[NAMESPACE_KINDS]; /* namespaces of others to enter; -1 */
    int sync;                    /* its end of the socketpair */
    sigset_t signals;            /* the mask to give to init */
};

/*
 * Make the process: born in its own namespaces (but for cgroup and time, which it takes later), in the shared
 * ones, and in its v2 cgroup where the kernel can do that. Returns its pid, its pidfd in *pidfd (-1 where the
 * kernel has none), or a negative errno.
 */
pid_t child_start(struct child *child, int *pidfd, struct error *err);

#endif
