/*
 * The parameters of a start: a description of the container, its init program, and functions of the caller
 * that run between the steps of the start. Set by the caller of spawn(); all that it points to must stay
 * valid during the call.
 */
#ifndef LXCBOX_CORE_SPAWN_PLAN_H
#define LXCBOX_CORE_SPAWN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/config/config.h"
#include "core/config/namespaces.h"

struct cgroup;
struct seccomp_program;
struct spawned;

/* Functions of the caller, each may be NULL. They return 0, or a negative errno with `err` filled, which ends
 * the start. */
struct plan_steps {
    /* In the child, in its mount namespace: run the hooks of one kind. `rootfs_mount` is where the rootfs is
     * mounted; `inside`: the root directory is that of the container already. */
    int (*hooks)(enum hook_kind kind, const char *rootfs_mount, bool inside, void *data, struct error *err);
    /* Init's namespaces exist; the child mounts meanwhile: create its network interfaces. */
    int (*attach)(struct spawned *s, void *data, struct error *err);
    /* Everything is mounted and the terminals exist; init is not executed yet. */
    int (*prepared)(struct spawned *s, void *data, struct error *err);
    /* Take over init's seccomp listener. Until `running` is readable, system calls of the child wait for
     * answers, too. */
    int (*listener)(struct spawned *s, int listener, int running, void *data, struct error *err);
    void *data;
};

struct plan {
    const char *name;            /* of the container, for messages */
    const char *home;            /* another path of its root in targets of mounts; NULL: none */
    const struct config *config; /* its mounts, ids, limits, privileges, user and environment */
    char **argv; /* init and its arguments, NULL at the end; NULL: those of lxc.init.cmd (lxc.execute.cmd) */
    bool small_init;             /* the applet lxc-init runs `argv` */
    bool forward;                /* with small_init: as of execute_init_loop() */
    bool console;                /* make a console, and use it as init's standard streams */
    bool streams;                /* but init keeps pipes and files among its standard streams */
    bool keep_stderr;            /* init keeps our standard error; else it is a copy of standard output */
    bool unprivileged;           /* the user that starts it is not root */
    uint64_t own;                /* CLONE_NEW* mask of init's own namespaces */
    int shared[NAMESPACE_KINDS]; /* fds of other namespaces to enter; -1: none */
    struct cgroup *cgroup;       /* made by the caller; init is created in it */
    const struct seccomp_program *seccomp;
    const char *label; /* of a generated AppArmor profile; NULL: none */
    struct plan_steps steps;
};

#endif
