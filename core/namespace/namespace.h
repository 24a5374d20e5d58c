/*
 * Which namespaces a container gets of its own, and opening those of a process. lxc.container.conf(5)
 * "lxc.namespace.*", namespaces(7).
 */
#ifndef LXCBOX_CORE_RUN_NAMESPACE_H
#define LXCBOX_CORE_RUN_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/config/config.h"
#include "core/config/namespaces.h"

/*
 * CLONE_NEW* mask of the namespaces that the container gets of its own: lxc.namespace.keep or .clone where
 * given, else all that the kernel has, a user namespace only with lxc.idmap, no network namespace with
 * lxc.net.0.type = none; those shared with another are taken out.
 */
uint64_t namespace_clone_flags(const struct config *c);

/*
 * Open a namespace of the process whose directory in /proc is `proc`; `whose` names it in errors. A process
 * that has ended, also one that nobody has waited for yet, has none: that is an error and never a reason to
 * stay in our own. An fd; -EOPNOTSUPP with `err` filled where this kernel has no such kind; another negative
 * errno with `err` filled.
 */
int namespace_open_at(int proc, const char *whose, enum namespace_kind kind, struct error *err);

/* Whether an open namespace is ours, which need not be entered. False where that cannot be found out. */
bool namespace_is_ours(int fd, enum namespace_kind kind);

#endif
