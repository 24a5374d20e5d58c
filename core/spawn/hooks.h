/*
 * lxc.hook.*: programs that run at defined points of a container's start and stop. Their environment
 * describes the container; with lxc.hook.version = 0 they also get the arguments NAME lxc TYPE. Source:
 * lxc.container.conf(5) "CONTAINER HOOKS", "CONTAINER HOOKS ENVIRONMENT VARIABLES".
 */
#ifndef LXCBOX_CORE_SPAWN_HOOKS_H
#define LXCBOX_CORE_SPAWN_HOOKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/config/config.h"
#include "core/config/container.h"
#include "core/namespace/namespace.h"

struct hook_context {
    const struct container *container;
    const struct config *config;
    const char *rootfs_mount; /* where the rootfs is mounted; NULL: not mounted, or unknown */
    pid_t init_pid;           /* start-host: LXC_PID; 0: none */
    const char *target;       /* stop, post-stop: LXC_TARGET, "stop" or "reboot" */
    const char *source_name;  /* clone: LXC_SRC_NAME */
    const int *namespace_fds; /* start-host, stop: of each enum namespace_kind, -1 where none; NULL: none */
    char *const *arguments;   /* clone: those of the user, after ours; NULL at the end. NULL: none */
    bool inside;              /* start: the program is in the container */
};

/*
 * Run every program of one kind, in order, by script_run(). 0, or a negative errno with `err` filled when one
 * could not be run or had an exit status other than 0: the others are not run then.
 */
int hooks_run(enum hook_kind kind, const struct hook_context *context, struct error *err);

/* "pre-start", ... */
const char *hook_name(enum hook_kind kind);

#endif
