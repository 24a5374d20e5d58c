/*
 * Running a command in a running container: in its cgroups and namespaces, and with its restrictions.
 * Source: lxc-attach(1), setns(2).
 *
 * The calling process stays outside: it relays the terminal, forwards signals and waits. Only its child
 * enters the container, and holds no fd of the host except standard input, output and error.
 */
#ifndef LXCBOX_CORE_RUN_ATTACH_H
#define LXCBOX_CORE_RUN_ATTACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/str.h"
#include "core/config/container.h"

#define ATTACH_ID_UNSET ((uid_t)-1)

struct attach_options {
    uint64_t namespaces; /* CLONE_NEW* mask of the namespaces to enter; 0: all that differ from ours */

    /* Privileges kept instead of the container's restrictions. */
    bool elevate_cgroup; /* stay in our own cgroups */
    bool elevate_caps;   /* keep capabilities outside init's bounding set */
    bool elevate_lsm;    /* no security label, no seccomp filter, no no_new_privs */

    bool remount_proc_sys; /* where the mount namespace is not entered: mount /proc and /sys anew */
    long personality;      /* personality(2), -1: init's */
    bool clear_env;
    const struct string_list *keep_env; /* names of variables kept in spite of clear_env */
    const struct string_list *set_env;  /* "NAME=VALUE", overrides all others; "NAME": unset */
    uid_t uid;                          /* inside; ATTACH_ID_UNSET: root, where root exists inside */
    gid_t gid;
    const char *context; /* security label to run with; NULL: init's */
    int log;             /* fd for a copy of the terminal's output; -1: none */
    char **command;      /* argv, NULL at the end; NULL: the user's shell */
};

/*
 * Run the command and wait for its end. Returns its exit status (128 + signal when a signal ended it; 126 or
 * 127 with `err` filled when it could not be executed), -ENOTCONN when the container is not running, or
 * another negative errno. The calling process must have one thread.
 */
int container_attach(const struct container *c, const struct attach_options *options, struct error *err);

#endif
