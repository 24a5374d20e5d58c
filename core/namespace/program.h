/* Executing a program as the last step of nsenter, unshare and similar commands. */
#ifndef LXCBOX_CORE_NAMESPACE_PROGRAM_H
#define LXCBOX_CORE_NAMESPACE_PROGRAM_H

#include <sys/types.h>

#include "core/base/error.h"

/*
 * Execute argv, or a login shell if it is empty ($SHELL, /bin/sh). Returns only on failure, with `err`
 * filled: exit status 127 if the program does not exist, else 126.
 */
int program_execute(char **argv, struct error *err);

/*
 * Wait for a child and return its exit status, or 128 plus the signal that killed it. Meanwhile, SIGINT and
 * SIGTERM are ignored in this process; when the child is stopped, this process stops too.
 */
int program_wait(pid_t pid, struct error *err);

/* A pipe by which a child reports an execution failure to its parent; it is closed by a successful exec. */
struct program_report {
    int ours, theirs;
};

int program_report_open(struct program_report *report, struct error *err);
/* In the child: report the error, and exit with the status. */
__attribute__((noreturn)) void program_report_fail(struct program_report *report, const struct error *err,
                                                   int status);
/* In the parent: the error of the child; 0 if it has executed the program. */
int program_report_read(struct program_report *report, struct error *err);

#endif
