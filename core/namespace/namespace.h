/*
 * The new namespaces of a container, and opening the namespaces of a process. lxc.container.conf(5)
 * "lxc.namespace.*", namespaces(7).
 */
#ifndef LXCBOX_CORE_NAMESPACE_NAMESPACE_H
#define LXCBOX_CORE_NAMESPACE_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/config/config.h"
#include "core/config/namespaces.h"

/*
 * CLONE_NEW* mask of the new namespaces of a container: according to lxc.namespace.keep or .clone, else all
 * that the kernel supports; a user namespace only with lxc.idmap, no network namespace with lxc.net.0.type =
 * none, and no namespaces of lxc.namespace.share.
 */
uint64_t namespace_clone_flags(const struct config *c);

/*
 * Open a namespace of the process whose directory in /proc is `proc`; `whose` names it in errors. A process
 * that has ended, also a zombie, has no namespaces: this is an error. Returns an fd; -EOPNOTSUPP with `err`
 * filled if the kernel does not support this kind; or another negative errno with `err` filled.
 */
int namespace_open_at(int proc, const char *whose, enum namespace_kind kind, struct error *err);

/*
 * Whether a namespace of that process is also ours: 1, 0, or a negative errno as above. The text of its link
 * identifies a namespace, and is read in a third of the time of opening it.
 */
int namespace_compare_at(int proc, const char *whose, enum namespace_kind kind, struct error *err);

/* Whether an open namespace is that of this process. False if this cannot be determined. */
bool namespace_is_ours(int fd, enum namespace_kind kind);

#endif
