/* Executing a program as the last step of nsenter, unshare and similar commands. */
#ifndef LXCBOX_CORE_NAMESPACE_PROGRAM_H
#define LXCBOX_CORE_NAMESPACE_PROGRAM_H

#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/process.h"

/*
 * Execute argv, or a login shell if it is empty ($SHELL, /bin/sh). Returns only on failure, with `err`
 * filled: exit status 127 if the program does not exist, else 126.
 */
int program_execute(char **argv, struct error *err);

/* The same for process_start(): `argv` is a char **. */
int program_execute_child(void *argv, struct error *err);

/*
 * Wait for a child and return its exit status, or 128 plus the signal that killed it. Meanwhile, SIGINT and
 * SIGTERM are ignored in this process; when the child is stopped, this process stops too.
 */
int program_wait(pid_t pid, struct error *err);

/*
 * Wait for a child of process_start(), first for its report. Returns its exit status, with `err` filled if it
 * has reported an error; for a child that ended with status 1, the negative code of that error.
 */
int program_finish(struct process *p, struct error *err);

#endif
