/*
 * Child processes that run a function of ours: for what would change this process for good (namespaces, ids,
 * mounts), and for executing programs. Source: fork(2), waitpid(2), PR_SET_PDEATHSIG(2const).
 */
#ifndef LXCBOX_CORE_BASE_PROCESS_H
#define LXCBOX_CORE_BASE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"

struct process {
    pid_t pid;  /* 0: none */
    int report; /* where it reports a failure; -1: closed */
};

#define PROCESS_INIT                                                                                         \
    {                                                                                                        \
        0, -1                                                                                                \
    }

/*
 * Call `function` in a child process. Its negative result is reported with its error; any other is the
 * child's exit status. It may execute a program instead of returning. `dies_with_us`: the child is killed
 * when this process ends. 0 or a negative errno with `err` filled.
 */
int process_start(struct process *p, int (*function)(void *data, struct error *err), void *data,
                  bool dies_with_us, struct error *err);

/* Wait until it has executed a program, ended, or failed: 0, or the function's negative errno and error. */
int process_report(struct process *p, struct error *err);

/*
 * Wait for its end. Returns the function's negative errno with its error, its exit status (0 to 255), or 128
 * and the number of the signal that ended it.
 */
int process_finish(struct process *p, struct error *err);

/* All three. The child is killed when this process ends. */
int process_run(int (*function)(void *data, struct error *err), void *data, struct error *err);

/* A program to execute, with no signal blocked. */
struct process_program {
    char *const *argv;        /* NULL at the end; the first is looked up in PATH */
    char *const *environment; /* "NAME=VALUE", added to ours, NULL at the end; NULL: nothing */
    int streams[3];           /* standard input, output, error; 0 or less: ours */
};

/* The function for process_start() that executes a struct process_program. Returns only on failure, with
 * an error that names the program alone: the caller adds what it was for. */
int process_execute(void *program, struct error *err);

/* waitpid(2) over interruptions: 0 and *status filled (it may be NULL), or a negative errno. */
int process_wait(pid_t pid, int *status);

#endif
