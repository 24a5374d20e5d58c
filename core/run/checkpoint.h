/*
 * Checkpointing a running container: criu(8), where it is installed, writes the state of its processes to
 * files, from which it restores them (core/monitor/restore.h). criu gets the same options as from LXC, so
 * that lxcbox and LXC can each restore the other's checkpoints.
 */
#ifndef LXCBOX_CORE_RUN_CHECKPOINT_H
#define LXCBOX_CORE_RUN_CHECKPOINT_H

#include <stdbool.h>

#include "core/config/config.h"
#include "core/config/container.h"

struct checkpoint_options {
    const char *directory; /* made if it does not exist; without `pre_dump`, it must not hold a checkpoint */
    const char *previous;  /* directory of an earlier checkpoint, relative to `directory`; NULL: none */
    const char *script;    /* criu's action script; NULL: none */
    bool stop;             /* stop the container */
    bool pre_dump;         /* write the memory only */
    bool verbose;
};

/* Returns once criu has ended and, with `stop`, the container has stopped. 0, or a negative errno with `err`
 * filled: -ENOTCONN when the container is not running. */
int container_checkpoint(const struct container *c, struct config *config,
                         const struct checkpoint_options *options, struct error *err);

#endif
