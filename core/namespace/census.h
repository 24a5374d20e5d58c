/*
 * Which namespaces there are: those that some process is in. Source: namespaces(7), ioctl_ns(2), proc(5).
 */
#ifndef LXCBOX_CORE_RUN_CENSUS_H
#define LXCBOX_CORE_RUN_CENSUS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/namespace/namespace.h"

struct census_process {
    pid_t pid, parent;
    uid_t uid;
    uint64_t namespaces[NAMESPACE_KINDS]; /* inode numbers; 0: may not be seen, or no such kind */
    char *command;                        /* its arguments with blanks between, else its name */
    char *container;                      /* whose payload it is, by its cgroup; NULL: none */
};

struct census_namespace {
    uint64_t number;                    /* inode */
    const char *type;                   /* "mnt" */
    size_t processes;                   /* in it */
    const struct census_process *first; /* the one with the lowest pid */
    uint64_t owner, parent;             /* inode numbers; 0: none, or may not be seen */
    int32_t network_id;                 /* of a network namespace, in our own one; -1: none */
    char *mounts;                       /* where it is mounted, a line each; NULL: nowhere */
};

struct census {
    struct census_process *processes; /* by pid */
    size_t process_count;
    struct census_namespace *namespaces; /* by number */
    size_t namespace_count;
};

#define cleanup_census __attribute__((cleanup(census_free)))
void census_free(struct census *c);

/* Processes that end meanwhile are left out. 0 or a negative errno with `err` filled. */
int census_read(struct census *out, struct error *err);

#endif
