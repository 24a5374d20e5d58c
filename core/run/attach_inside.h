/* The half of attach that runs in the child; made and used by attach.c only. */
#ifndef LXCBOX_CORE_RUN_ATTACH_INSIDE_H
#define LXCBOX_CORE_RUN_ATTACH_INSIDE_H

#include "core/config/config.h"
#include "core/base/session.h"
#include "core/run/attach.h"
#include "core/namespace/namespace.h"
#include "core/command/protocol.h"
#include "core/confine/seccomp.h"

/* What was found out about the container while still outside. */
struct attach_plan {
    const struct container *container;
    const struct attach_options *options;
    pid_t init;
    uint64_t namespaces;                /* to enter */
    int pidfd;                          /* of init, good for setns(2); -1: use namespace_fds */
    int namespace_fds[NAMESPACE_KINDS]; /* -1: not to be entered */
    struct fd_list cgroups;
    bool in_cgroup;    /* the child was born in the v2 one */
    uint64_t bounding; /* init's capability bounding set */
    bool no_new_privs; /* init's */
    bool filtered;     /* does a seccomp filter confine init? */
    long personality;  /* init's, -1: unknown */
    uid_t uid;
    gid_t gid;
    char *label;                    /* what /proc/self/attr/exec takes; NULL: nothing */
    struct seccomp_program seccomp; /* the container's; empty where init is not confined */
    struct string_list environment; /* what the container's configuration adds */
    struct config limits;           /* lxc.prlimit.* and lxc.proc.* of the container, nothing else */
    struct session session;
};

/*
 * Enter and become the command. Never returns. Where there is a pid namespace to enter, a second process,
 * which takes this one's place as the caller's child, is born in it: it has given up everything by then, so
 * that no process inside ever sees one with more rights. `report` is a SOCK_SEQPACKET socket; it carries,
 * each as one message, the listener of a seccomp profile (one byte and the fd), the second process's pid_t,
 * and an error as a struct error; it closes when the command runs. The exit status is 126 or 127 where the
 * command could not be executed, else 1.
 */
void attach_inside(struct attach_plan *plan, int report) __attribute__((noreturn));

#endif
