/* Entering namespaces of other processes: nsenter(1), setns(2). */
#ifndef LXCBOX_CORE_NAMESPACE_ENTER_H
#define LXCBOX_CORE_NAMESPACE_ENTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/namespace/namespace.h"

/* The files of the namespaces to enter: NULL: none, "": that of the target process, else a path. */
struct enter_options {
    pid_t target; /* 0: none */
    bool all;     /* every namespace of the target, except the user namespace if it is ours */
    const char *files[NAMESPACE_KINDS];
    const char *root, *directory; /* likewise for the root and working directory */
    const char *inner_directory;  /* a path inside; NULL: unchanged */
    bool set_uid, set_gid;        /* change to these ids */
    uid_t uid;
    gid_t gid;
    bool keep_credentials; /* keep the ids; otherwise become root of an entered user namespace */
    bool follow_context;   /* run with the target's SELinux context */
    bool no_fork; /* never fork: the program does not enter pid and time namespaces itself, and keeps the
                     caller's terminal */
};

/*
 * If a standard stream is a terminal, or there is a controlling terminal, the program runs in a child, in a
 * new session (core/base/session.h). The child is created in a pid namespace after all other steps, so that
 * no process inside sees a process with more privileges.
 *
 * Enter and run argv (empty: a shell). Returns its exit status if it ran in a child, 126 or 127 with `err`
 * filled if the program cannot be executed, or a negative errno with `err` filled.
 */
int enter_and_execute(const struct enter_options *options, char **argv, struct error *err);

#endif
