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
    const char *child_file;  /* in /proc/PID/ns: the namespace of new child processes */
    const char *option;      /* another name in option -s of lxc-attach and lxc-unshare; NULL: not accepted */
    const char *environment; /* of hooks: "LXC_NET_NS" */
};

extern const struct namespace_info namespaces[NAMESPACE_KINDS];

/* The enum namespace_kind for a name, in any case; -EINVAL. */
int namespace_find(const char *name);

/* The CLONE_NEW* flag for a word in option -s of lxc-attach and lxc-unshare ("NETWORK", "net"); 0: unknown.
 */
uint64_t namespace_option_flag(const char *word);

#endif
