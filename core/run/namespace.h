/*
 * The kernel's namespaces as LXC numbers and names them, and which of them a container gets of its own.
 * Source: namespaces(7), lxc.container.conf(5) "lxc.namespace.*".
 */
#ifndef LXCBOX_CORE_RUN_NAMESPACE_H
#define LXCBOX_CORE_RUN_NAMESPACE_H

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/config/config.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/* In LXC's order, which is also the one to enter them in: the user namespace gives rights over the others. */
enum namespace_kind {
    NAMESPACE_USER,
    NAMESPACE_MNT,
    NAMESPACE_PID,
    NAMESPACE_UTS,
    NAMESPACE_IPC,
    NAMESPACE_NET,
    NAMESPACE_CGROUP,
    NAMESPACE_TIME,
    NAMESPACE_KINDS,
};

struct namespace_info {
    uint64_t flag;           /* CLONE_NEW* */
    const char *name;        /* in /proc/PID/ns and in lxc.namespace.* */
    const char *environment; /* of hooks: "LXC_NET_NS" */
};

extern const struct namespace_info namespaces[NAMESPACE_KINDS];

/*
 * CLONE_NEW* mask of the namespaces that the container gets of its own: lxc.namespace.keep or .clone where
 * given, else all that the kernel has, a user namespace only with lxc.idmap, no network namespace with
 * lxc.net.0.type = none; those shared with another are taken out.
 */
uint64_t namespace_clone_flags(const struct config *c);

/*
 * Open a namespace of `who`: a pid, a path, or the name of a running container of `lxcpath`. An fd or a
 * negative errno.
 */
int namespace_open(const char *who, const char *lxcpath, enum namespace_kind kind, struct error *err);

#endif
