/*
 * Child processes that run a function of this program: for changes that a process cannot undo (namespaces,
 * ids, mounts), and for executing programs. Source: fork(2), waitpid(2), PR_SET_PDEATHSIG(2const).
 */
#ifndef LXCBOX_CORE_BASE_PROCESS_H
#define LXCBOX_CORE_BASE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"

struct process {
    pid_t pid;  /* 0: none */
    int report; /* a pipe on which it reports a failure: in the child its writing end; -1: closed */
};

#define PROCESS_INIT                                                                                         \
    {                                                                                                        \
        0, -1                                                                                                \
    }

/*
 * Call `function` in a child process. A negative return value is reported together with the error. Any other
 * value is the exit status of the child; with a positive one, an error that the function has filled is
 * reported, too. The function may execute a program instead of returning, or, to report success earlier,
 * close p->report.
 * `dies_with_us`: the child is killed when this process ends. 0 or a negative errno with `err` filled.
 */
int process_start(struct process *p, int (*function)(void *data, struct error *err), void *data,
                  bool dies_with_us, struct error *err);

/*
 * Wait until the child has executed a program, ended, or failed. Returns 0, or the negative code of the error
 * that the function has reported. The child remains to be waited for.
 */
int process_report(struct process *p, struct error *err);

/*
 * Wait for the end of the child. Returns the negative errno of the function with its error, the exit status
 * (0 to 255), or 128 plus the number of the signal that killed the child.
 */
int process_finish(struct process *p, struct error *err);

/* All three calls in one. The child is killed when this process ends. */
int process_run(int (*function)(void *data, struct error *err), void *data, struct error *err);

/* A program to execute, with no signal blocked. */
struct process_program {
    char *const *argv;        /* NULL at the end; the first is looked up in PATH */
    char *const *environment; /* "NAME=VALUE", added to our environment, NULL at the end; NULL: nothing */
    int streams[3];           /* standard input, output, error; 0 or less: ours */
};

/*
 * The function for process_start() that executes a struct process_program. Returns only on failure, with an
 * error that names only the program: the caller adds its purpose.
 */
int process_execute(void *program, struct error *err);

/* The exit status in a status of waitpid(2), or 128 plus the number of the signal that killed the process. */
int process_exit_status(int status);

/* waitpid(2), repeated on EINTR. 0 with *status filled (`status` may be NULL), or a negative errno. */
int process_wait(pid_t pid, int *status);

#endif
