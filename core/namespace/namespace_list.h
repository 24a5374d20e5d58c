/* The list of namespaces that have processes. Source: namespaces(7), ioctl_ns(2), proc(5). */
#ifndef LXCBOX_CORE_NAMESPACE_NAMESPACE_LIST_H
#define LXCBOX_CORE_NAMESPACE_NAMESPACE_LIST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/namespace/namespace.h"

struct namespace_process {
    pid_t pid, parent;
    uid_t uid;
    uint64_t namespaces[NAMESPACE_KINDS]; /* inode numbers; 0: not visible, or not supported */
    char *command;                        /* its arguments separated by blanks, else its name */
    char *container;                      /* the container to which its cgroup belongs; NULL: none */
};

struct namespace_entry {
    uint64_t number;                       /* inode */
    const char *type;                      /* "mnt" */
    size_t processes;                      /* number of processes */
    const struct namespace_process *first; /* the process with the lowest pid */
    uint64_t owner, parent;                /* inode numbers; 0: none, or not visible */
    int32_t network_id;                    /* the id of a network namespace in ours; -1: none */
    char *mounts;                          /* mount points, one per line; NULL: not mounted */
};

struct namespace_list {
    struct namespace_process *processes; /* by pid */
    size_t process_count;
    struct namespace_entry *namespaces; /* by number */
    size_t namespace_count;
};

#define cleanup_namespace_list __attribute__((cleanup(namespace_list_free)))
void namespace_list_free(struct namespace_list *c);

/* Processes that end during the call are ignored. 0 or a negative errno with `err` filled. */
int namespace_list_read(struct namespace_list *out, struct error *err);

#endif
