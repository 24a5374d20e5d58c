/* Which namespaces a container gets of its own. lxc.container.conf(5) "lxc.namespace.*". */
#ifndef LXCBOX_CORE_RUN_NAMESPACE_H
#define LXCBOX_CORE_RUN_NAMESPACE_H

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

/* Open a namespace of `who`, a pid, or a path to one. An fd or a negative errno with `err` filled. */
int namespace_open(const char *who, enum namespace_kind kind, struct error *err);

#endif
