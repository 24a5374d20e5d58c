/* The part of attach that runs in the child. Used by attach.c only. */
#ifndef LXCBOX_CORE_RUN_ATTACH_INSIDE_H
#define LXCBOX_CORE_RUN_ATTACH_INSIDE_H

#include "core/config/config.h"
#include "core/base/session.h"
#include "core/run/attach.h"
#include "core/namespace/namespace.h"
#include "core/command/protocol.h"
#include "core/confine/seccomp.h"

/* What the parent has read about the container, outside of it. */
struct attach_plan {
    const struct container *container;
    const struct attach_options *options;
    pid_t init;
    uint64_t namespaces; /* to enter */
    int pidfd;           /* of init, for setns(2); -1: none */
    int proc;            /* init's directory in /proc */
    struct fd_list cgroups;
    bool in_cgroup;    /* the child was created in the v2 cgroup */
    uint64_t bounding; /* init's capability bounding set */
    bool no_new_privs; /* init's */
    bool filtered;     /* does a seccomp filter confine init? */
    long personality;  /* init's, -1: unknown */
    uid_t uid;
    gid_t gid;
    char *label;                    /* text for /proc/self/attr/exec; NULL: none */
    struct seccomp_program seccomp; /* the container's; empty where init is not confined */
    struct string_list environment; /* variables of the container's configuration */
    struct config limits;           /* only lxc.prlimit.* and lxc.proc.* of the container */
    struct session session;
};

/*
 * Enter the container and execute the command. Never returns. Where a pid namespace is entered, the process
 * creates a second one in it, which replaces it as the caller's child. The second process is created after
 * all privileges are dropped, so that no process inside ever sees one with more privileges than it will keep.
 * `report` is a SOCK_SEQPACKET socket; it carries, each as one message, the listener of a seccomp profile
 * (one byte and the fd), the second process's pid_t, and an error as a struct error; execve(2) closes it. The
 * exit status is 126 or 127 where the command could not be executed, else 1.
 */
void attach_inside(struct attach_plan *plan, int report) __attribute__((noreturn));

#endif
