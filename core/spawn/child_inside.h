/* The half of child.h that runs in the child; made and used by clone.c only. */
#ifndef LXCBOX_CORE_RUN_CHILD_INSIDE_H
#define LXCBOX_CORE_RUN_CHILD_INSIDE_H

#include "core/spawn/child.h"

/* Become the container's init. Never returns: an error goes to the parent, and the process ends. */
void child_run(struct child *child) __attribute__((noreturn));

#endif
