/* The container's first process, from the clone until it becomes init. Made by spawn.c only. */
#ifndef LXCBOX_CORE_SPAWN_CHILD_H
#define LXCBOX_CORE_SPAWN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/spawn/plan.h"

struct child {
    const struct plan *plan;
    int sync;       /* its end of the socketpair */
    int parents;    /* the other end, which the child closes first: else it would not see its parent end */
    bool in_cgroup; /* born in the v2 one: filled by child_start() */
};

/*
 * Make the process: born in its own namespaces (but for cgroup and time, which it takes later), in the shared
 * ones, and in its v2 cgroup where the kernel can do that. Returns its pid, its pidfd in *pidfd (-1 where the
 * kernel has none), or a negative errno.
 */
pid_t child_start(struct child *child, int *pidfd, struct error *err);

#endif
