/*
 * Bringing up a container: from a struct plan (core/spawn/plan.h) to a running init. Read this header first.
 *
 * Two processes take part, and meet at numbered points (core/spawn/sync.h):
 *
 *     ours (spawn.c), with the host's rights        the child (child.c), which becomes init
 *     clone (clone.c)                               born in its namespaces and in its cgroup
 *     write id maps, open mounts of the host
 *     SYNC_GO                                 ->    becomes root of its user namespace
 *     limits, steps.attach: network                 mounts, hooks, devices, terminals (core/mount)
 *     collect terminals                       <-    SYNC_DEVPTS, SYNC_TERMINAL, SYNC_PREPARED
 *     device rules, steps.prepared                  waits
 *     SYNC_EXEC                               ->    gives up rights (core/confine)
 *     steps.listener                          <-    SYNC_LISTENER, where the seccomp profile notifies
 *     done                                    <-    executes init, which closes the socket: SYNC_RUNNING
 *
 * Nothing here knows a monitor or the command socket: whoever calls spawn() is init's parent, and supervises
 * what is returned.
 */
#ifndef LXCBOX_CORE_SPAWN_SPAWN_H
#define LXCBOX_CORE_SPAWN_SPAWN_H

#include <sys/types.h>

#include "core/spawn/plan.h"
#include "core/spawn/terminal.h"

struct spawned {
    pid_t pid;               /* of init, a child of ours; 0: there is none */
    int pidfd;               /* -1: none, or a kernel without them */
    int devpts_fd;           /* of the container's devpts mount; -1: it has none of its own */
    struct terminal console; /* where the plan wants one and the container has a devpts */
    struct terminals ttys;
};

#define SPAWNED_INIT                                                                                         \
    {                                                                                                        \
        .pidfd = -1, .devpts_fd = -1, .console = TERMINAL_NONE                                               \
    }

/*
 * Start it: returns 0 once init is executed, else a negative errno with `err` filled, by the child where the
 * child failed. After a failure too, what is in `out` is the caller's: a child that still lives (out->pid) is
 * to be killed, and spawned_close() closes the rest.
 */
int spawn(const struct plan *plan, struct spawned *out, struct error *err);

/* Close the fds and terminals. The process is the caller's to wait for before. */
void spawned_close(struct spawned *s);

#endif
