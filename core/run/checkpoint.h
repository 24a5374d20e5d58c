/*
 * Checkpointing a running container: criu(8), where it is installed, writes its processes into files, and
 * makes them again of those (core/monitor/restore.h). It is given what LXC gives it, so that either restores
 * what the other has written.
 */
#ifndef LXCBOX_CORE_RUN_CHECKPOINT_H
#define LXCBOX_CORE_RUN_CHECKPOINT_H

#include <stdbool.h>

#include "core/config/config.h"
#include "core/config/container.h"

struct checkpoint_options {
    const char *directory; /* made where it is absent; holds no checkpoint yet unless `pre_dump` */
    const char *previous;  /* that of an earlier one, relative to `directory`; NULL: none */
    const char *script;    /* criu's action script; NULL: none */
    bool stop;             /* the container ends with it */
    bool pre_dump;         /* its memory only */
    bool verbose;
};

/* Returns once criu is done. 0, or a negative errno with `err` filled: -ENOTCONN when it is not running. */
int container_checkpoint(const struct container *c, struct config *config,
                         const struct checkpoint_options *options, struct error *err);

#endif
