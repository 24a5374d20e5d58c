/*
 * A sealed copy of our own executable. A process of ours inside a container can be reached through
 * /proc/PID/exe; were that the host's file, a hostile container could write to it (CVE-2019-5736). So before
 * entering a container we run from a copy in memory that nobody can change. memfd_create(2), fcntl(2)
 * F_ADD_SEALS.
 */
#ifndef LXCBOX_CORE_RUN_SEALED_H
#define LXCBOX_CORE_RUN_SEALED_H

#include <stdbool.h>

#include "core/base/error.h"

/* Is /proc/self/exe such a copy (or the like: a memfd with the write seals)? */
bool sealed_running(void);

/*
 * Run the same command from a sealed copy: returns 0 at once where this is one already, does not return where
 * the copy takes over with `argv` and our environment, and returns a negative errno where no copy can be
 * made. To be called first, before anything is done: the process starts from main() again.
 */
int sealed_reexec(char **argv, struct error *err);

#endif
