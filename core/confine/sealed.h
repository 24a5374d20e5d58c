/*
 * Running from an executable that the container cannot write to. A process of ours inside a container can be
 * reached through /proc/PID/exe; were that the host's file, a hostile container could write to it
 * (CVE-2019-5736). So before we touch a container we run from a view of it that nobody can change:
 *
 *   - a read-only mount of the file alone, attached nowhere, so that no process can find it to remount it;
 *     it shares the file's page cache. open_tree(2), mount_setattr(2), kernel 5.12.
 *   - else a sealed copy in memory. memfd_create(2), fcntl(2) F_ADD_SEALS.
 */
#ifndef LXCBOX_CORE_RUN_SEALED_H
#define LXCBOX_CORE_RUN_SEALED_H

#include <stdbool.h>

#include "core/base/error.h"

/* Is /proc/self/exe such a view? */
bool sealed_running(void);

/*
 * Run the same command from such a view: returns 0 at once where this is one already, does not return where
 * the view takes over with `argv` and our environment, and returns a negative errno where none can be made.
 * To be called first, before anything is done: the process starts from main() again. An applet asks for it by
 * .sealed = true.
 */
int sealed_reexec(char **argv, struct error *err);

#endif
