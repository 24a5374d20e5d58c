/*
 * Becoming another program, as nsenter, unshare and their like do at their end.
 */
#ifndef LXCBOX_CORE_RUN_PROGRAM_H
#define LXCBOX_CORE_RUN_PROGRAM_H

#include <sys/types.h>

#include "core/base/error.h"

/*
 * Execute argv, or where it is empty a login shell ($SHELL, /bin/sh). Returns only when it failed: the exit
 * status 127 when there is no such program, 126 when there is one, with `err` filled.
 */
int program_execute(char **argv, struct error *err);

/*
 * Wait for a child and return its exit status, or 128 and the signal that ended it. SIGINT and SIGTERM are
 * the child's to act on meanwhile; when it is stopped, so are we.
 */
int program_wait(pid_t pid, struct error *err);

/* How a child that could not become the program tells its parent why: a pipe that closes when it does. */
struct program_report {
    int ours, theirs;
};

int program_report_open(struct program_report *report, struct error *err);
/* In the child: say why, and end with the status. */
__attribute__((noreturn)) void program_report_fail(struct program_report *report, const struct error *err,
                                                   int status);
/* In the parent: what the child said; 0 when it became the program. */
int program_report_read(struct program_report *report, struct error *err);

#endif
