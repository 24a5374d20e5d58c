/* The namespaces of the kernel, with the order and names of LXC. Source: namespaces(7). */
#ifndef LXCBOX_CORE_CONFIG_NAMESPACES_H
#define LXCBOX_CORE_CONFIG_NAMESPACES_H

#include <sched.h>
#include <stdint.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

/*
 * In the order of LXC, which is also the order for entering: the user namespace grants privileges over the
 * others.
 */
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

#endif
