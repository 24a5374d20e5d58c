/*
 * What a start needs: a description of the container, the program that is to be its init, and what the caller
 * does itself between the steps of the start. Filled by the caller of spawn(); all that it refers to must
 * outlive the call.
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

/* Steps of the caller, each NULL where it has none; 0 or a negative errno with `err` filled, which ends the
 * start. */
struct plan_steps {
    /* In the child, in its mount namespace: run the hooks of one kind. `rootfs_mount` is where the rootfs is
     * mounted; `inside`: the root is the container's already. */
    int (*hooks)(enum hook_kind kind, const char *rootfs_mount, bool inside, void *data, struct error *err);
    /* Init's namespaces are there, and it mounts meanwhile: give it network interfaces. */
    int (*attach)(struct spawned *s, void *data, struct error *err);
    /* Everything is mounted, the terminals are there, and init is not yet executed. */
    int (*prepared)(struct spawned *s, void *data, struct error *err);
    /* Init's seccomp listener, which is the step's from now on: calls on the way to init wait for an answer
     * until `running` is readable. */
    int (*listener)(struct spawned *s, int listener, int running, void *data, struct error *err);
    void *data;
};

struct plan {
    const char *name;            /* of the container, for messages */
    const char *home;            /* another name of its root in targets of mounts; NULL: none */
    const struct config *config; /* its mounts, ids, limits, rights, user and environment */
    char **argv; /* init and its arguments, NULL at the end; NULL: those of lxc.init.cmd (lxc.execute.cmd) */
    bool small_init;             /* the applet lxc-init runs `argv` */
    bool console;                /* make a console, and let init have it for its standard streams */
    bool keep_stderr;            /* init keeps our standard error; else it gets what standard output is */
    bool unprivileged;           /* whoever starts it is not root */
    uint64_t own;                /* CLONE_NEW* mask of the namespaces that init gets of its own */
    int shared[NAMESPACE_KINDS]; /* fds of other namespaces to enter; -1: none */
    struct cgroup *cgroup;       /* made by the caller; init is born in it */
    const struct seccomp_program *seccomp;
    const char *label; /* of a generated AppArmor profile; NULL: none */
    struct plan_steps steps;
};

#endif
