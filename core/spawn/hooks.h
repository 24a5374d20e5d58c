/*
 * lxc.hook.*: programs of the host that run at set moments of a container's life, with what they need to know
 * in their environment and, with lxc.hook.version = 0, as arguments: NAME lxc TYPE.
 * Source: lxc.container.conf(5) "CONTAINER HOOKS", "CONTAINER HOOKS ENVIRONMENT VARIABLES".
 */
#ifndef LXCBOX_CORE_RUN_HOOKS_H
#define LXCBOX_CORE_RUN_HOOKS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/config/config.h"
#include "core/config/container.h"
#include "core/namespace/namespace.h"

struct hook_context {
    const struct container *container;
    const struct config *config;
    const char *rootfs_mount; /* where the rootfs is mounted; NULL: nowhere, or unknown */
    pid_t init_pid;           /* start-host: LXC_PID; 0: none */
    const char *target;       /* stop, post-stop: LXC_TARGET, "stop" or "reboot" */
    const char *source_name;  /* clone: LXC_SRC_NAME */
    const int *namespace_fds; /* start-host, stop: of each enum namespace_kind, -1 where none; NULL: none */
    char *const *arguments;   /* clone: the user's, after ours; NULL at the end. NULL: none */
    bool inside;              /* start: the program is the container's */
};

/*
 * Run every program of one kind, in order, by script_run(). 0, or a negative errno with
 * `err` filled when one could not be run or ended with other than 0: the rest is not run then.
 */
int hooks_run(enum hook_kind kind, const struct hook_context *context, struct error *err);

/* "pre-start", ... */
const char *hook_name(enum hook_kind kind);

#endif
