/*
 * Entering namespaces of other processes for good: nsenter(1), setns(2).
 */
#ifndef LXCBOX_CORE_RUN_ENTER_H
#define LXCBOX_CORE_RUN_ENTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/namespace/namespace.h"

/* A file of what is entered: NULL not wanted, "" the target process's, else a path. */
struct enter_options {
    pid_t target; /* 0: none */
    bool all;     /* every namespace of the target, but the user namespace where it is ours */
    const char *files[NAMESPACE_KINDS];
    const char *root, *directory; /* likewise; of the root and working directory */
    const char *inner_directory;  /* a path inside; NULL: not wanted */
    bool set_uid, set_gid;        /* become these */
    uid_t uid;
    gid_t gid;
    bool keep_credentials; /* else root of a user namespace that is entered */
    bool follow_context;   /* run with the target's SELinux context */
    bool no_fork; /* also where only a child would be in the pid or time namespace, or have a terminal of its
                     own: the program keeps the caller's */
};

/*
 * Where a standard stream is a terminal, or there is a controlling terminal, the program runs in a session of
 * its own (core/base/session.h), in a child. It is born in a pid namespace only once everything else is done,
 * so that no process inside sees one with more rights.
 *
 * Enter and run argv (none: a shell). Returns its exit status where it ran in a child, 126 or 127 with `err`
 * filled where there was nothing to execute, or a negative errno with `err` filled.
 */
int enter_and_execute(const struct enter_options *options, char **argv, struct error *err);

#endif
