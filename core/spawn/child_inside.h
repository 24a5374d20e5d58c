/* The part of child.h that runs in the child. Used by clone.c only. */
#ifndef LXCBOX_CORE_SPAWN_CHILD_INSIDE_H
#define LXCBOX_CORE_SPAWN_CHILD_INSIDE_H

#include "core/spawn/child.h"

/* Set up the container and execute its init. Never returns: an error is sent to the parent, and the process
 * ends. */
void child_run(struct child *child) __attribute__((noreturn));

#endif
