/* The container's first process, from clone(2) until it executes init. Used by spawn.c only. */
#ifndef LXCBOX_CORE_SPAWN_CHILD_H
#define LXCBOX_CORE_SPAWN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/spawn/plan.h"

struct child {
    const struct plan *plan;
    int sync;        /* the child's end of the socketpair */
    int parent_sync; /* the parent's end, which the child closes first, so as to detect the end of its parent
                      */
    bool in_cgroup;  /* created in the v2 cgroup: set by child_start() */
};

/*
 * Create the process in its own namespaces (except cgroup and time, which it creates later), in the shared
 * ones, and in its v2 cgroup where the kernel supports that. Returns its pid, with its pidfd in *pidfd (-1
 * where the kernel does not support pidfds), or a negative errno with `err` filled.
 */
pid_t child_start(struct child *child, int *pidfd, struct error *err);

#endif
