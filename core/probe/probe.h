/*
 * Probing kernel features by using them: each probe runs in a child process, in namespaces that end with it,
 * so that nothing is left behind. The configuration file of the kernel is less reliable: a feature may be a
 * module that is not installed, or be disabled by a setting.
 */
#ifndef LXCBOX_CORE_PROBE_PROBE_H
#define LXCBOX_CORE_PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

enum probe_group {
    PROBE_NAMESPACES,
    PROBE_CGROUPS,
    PROBE_NETWORK,
    PROBE_STORAGE,
    PROBE_MISC,
    PROBE_CHECKPOINT,
    PROBE_GROUPS
};

struct probe {
    enum probe_group group;
    const char *label; /* "Pid namespace" */
    bool required;     /* no container can start without it */
    const char *cost;  /* the consequence if it is missing, without a full stop */
    /* Runs in a child with a separate mount namespace (root only). 0: the feature is available. */
    int (*try)(const char *argument);
    const char *argument;
};

extern const struct probe probes[];
extern const size_t probe_count;

/* Whether the feature is available. A probe that takes more than 10 seconds fails. */
bool probe_run(const struct probe *p);

/* --- Probe functions, by feature --- */

int try_namespace(const char *name);                /* "pid" */
int try_cgroup_controller(const char *controllers); /* any of "cpu,cpuacct" on v1 or v2 */

int try_link(const char *kind);         /* "veth", "bridge", "macvlan", ... */
int try_masquerade(const char *family); /* "ip", "ip6" */
int try_socket(const char *which);      /* "ipv6", "packet", "tun" */
int try_diag(const char *family);       /* NETLINK_SOCK_DIAG: "unix", "inet", "packet", "netlink" */

int try_overlay(const char *ignored);
int try_file_system(const char *type); /* built in or available as a module */
int try_loop(const char *ignored);
int try_devpts(const char *ignored);
int try_mqueue(const char *ignored);

int try_seccomp(const char *ignored);
int try_seccomp_notify(const char *ignored);
int try_system_call(const char *name);
int try_lsm(const char *name); /* "apparmor", "selinux" */
int try_fuse(const char *ignored);
int try_kcmp(const char *ignored);
int try_file_handle(const char *ignored);
int try_file_capability(const char *ignored);
int try_idmapped_mount(const char *ignored);

#endif
