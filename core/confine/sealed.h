/*
 * Running from an executable that the container cannot modify. A container can open /proc/PID/exe of a
 * process of ours in the container; if that is the host's file, a hostile container could write to it
 * (CVE-2019-5736). Therefore, before entering a container, the program runs from a copy that cannot be
 * changed:
 *
 *   - a detached read-only mount of only this file, which no process can find to remount it;
 *     it shares the file's page cache. open_tree(2), mount_setattr(2), kernel 5.12.
 *   - else a sealed copy in memory. memfd_create(2), fcntl(2) F_ADD_SEALS.
 */
#ifndef LXCBOX_CORE_CONFINE_SEALED_H
#define LXCBOX_CORE_CONFINE_SEALED_H

#include <stdbool.h>

#include "core/base/error.h"

/* Whether /proc/self/exe is such a copy. */
bool sealed_running(void);

/*
 * Execute the same command from such a copy, with `argv` and our environment: does not return on success.
 * Returns 0 immediately if this process already runs from a copy, or a negative errno if none can be created.
 * To be called before any other action, because the process restarts at main(). An applet requests it with
 * .sealed = true.
 */
int sealed_reexec(char **argv, struct error *err);

#endif
