/*
 * Starting a container: from a struct plan (core/spawn/plan.h) to a running init. Read this header first.
 *
 * Two processes take part, and synchronize at numbered points (core/spawn/sync.h):
 *
 *     parent (spawn.c), with the host's privileges  child (child.c), which becomes init
 *     clone (clone.c)                               created in its namespaces and in its cgroup
 *     write id maps, open mounts of the host
 *     SYNC_GO                                 ->    switches to root of its user namespace
 *     limits, steps.attach: network                 mounts, hooks, devices, terminals (core/mount)
 *     collect terminals                       <-    SYNC_DEVPTS, SYNC_TERMINAL, SYNC_PREPARED
 *     device rules, steps.prepared                  waits
 *     SYNC_EXEC                               ->    drops privileges (core/confine)
 *     steps.listener                          <-    SYNC_LISTENER, where the seccomp profile notifies
 *     done                                    <-    executes init, which closes the socket: SYNC_RUNNING
 *
 * This module does not depend on a monitor or on the command socket: the process that calls spawn() is init's
 * parent, and supervises it.
 */
#ifndef LXCBOX_CORE_SPAWN_SPAWN_H
#define LXCBOX_CORE_SPAWN_SPAWN_H

#include <sys/types.h>

#include "core/spawn/plan.h"
#include "core/spawn/terminal.h"

struct spawned {
    pid_t pid;               /* of init, a child of ours; 0: none */
    int pidfd;               /* -1: none, or a kernel without them */
    int devpts_fd;           /* of the container's devpts mount; -1: it has none of its own */
    struct terminal console; /* where the plan requests one and the container has a devpts */
    struct terminals ttys;
};

#define SPAWNED_INIT                                                                                         \
    {                                                                                                        \
        .pidfd = -1, .devpts_fd = -1, .console = TERMINAL_NONE                                               \
    }

/*
 * Start the container: returns 0 once init is executed, else a negative errno with `err` filled, by the child
 * where the child failed. The caller owns what is in `out`, also after a failure: it must kill a child that
 * still runs (out->pid), and call spawned_close().
 */
int spawn(const struct plan *plan, struct spawned *out, struct error *err);

/* Close the fds and terminals. The caller waits for the process before. */
void spawned_close(struct spawned *s);

#endif
