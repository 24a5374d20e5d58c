/*
 * Runs a command and all that it starts under ptrace(2), and makes one of their system calls fail, or kills
 * the process that makes it.
 *
 *     inject list COMMAND...                               prints on standard error each point and how often
 * it was reached inject kill|ERRNO PROCESS CALL SITE NTH COMMAND...   at the NTH occurrence of a point, as
 * printed: kill, or fail with ERRNO
 *
 * A point is a call of one process, counted in the order in which processes are made, at one place in the
 * program: the address of the call and the next return address on the stack, without address randomization.
 * Ends with the command's status, once the command itself has ended; what it has left running goes on
 * untraced. Prints "hit" on fd 3, where that is open, when the point was reached. x86_64 alone.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 256
#define POINTS_MAX    8192
#define STACK_WORDS   24

struct point {
    unsigned process, call;
    uint64_t site;
    unsigned count;
};

struct traced {
    pid_t pid;
    unsigned number; /* in the order of making */
    int failing;     /* errno that the call which is under way gets; 0: none */
};

static struct point points[POINTS_MAX];
static size_t point_count;
static struct traced traced[PROCESSES_MAX];
static size_t traced_count;
static unsigned made;

static struct traced *traced_find(pid_t pid)
{
    for (size_t i = 0; i < traced_count; i++)
        if (traced[i].pid == pid)
            return &traced[i];
    if (traced_count == PROCESSES_MAX) {
        fprintf(stderr, "inject: too many processes\n");
        exit(125);
    }
    traced[traced_count] = (struct traced){pid, made++, 0};
    return &traced[traced_count++];
}

static void traced_forget(pid_t pid)
{
    for (size_t i = 0; i < traced_count; i++)
        if (traced[i].pid == pid)
            traced[i] = traced[--traced_count];
}

/* The address of the call, and the first word on the stack that points into the same program. */
static uint64_t site_of(pid_t pid, const struct user_regs_struct *r)
{
    uint64_t words[STACK_WORDS] = {0};
    struct iovec here = {words, sizeof(words)}, there = {(void *)r->rsp, sizeof(words)};

    if (process_vm_readv(pid, &here, 1, &there, 1, 0) > 0)
        for (size_t i = 0; i < STACK_WORDS; i++)
            if (words[i] != r->rip && words[i] >> 21 == r->rip >> 21)
                return r->rip ^ words[i] << 24;
    return r->rip;
}

static struct point *point_count_one(unsigned process, unsigned call, uint64_t site)
{
    struct point *p;

    for (size_t i = 0; i < point_count; i++)
        if (points[i].process == process && points[i].call == call && points[i].site == site) {
            points[i].count++;
            return &points[i];
        }
    if (point_count == POINTS_MAX)
        return NULL;
    p = &points[point_count++];
    *p = (struct point){process, call, site, 1};
    return p;
}

/* What is to happen; `nth` 0: only listing. */
struct goal {
    unsigned process, call, nth;
    uint64_t site;
    int failure; /* errno; 0: kill */
};

static int hit, running; /* running: the command has been executed */

static void hit_report(void)
{
    hit = 1;
    if (write(3, "hit\n", 4) < 0) {
        /* Nobody wants it. */
    }
}

/* A call begins: count it, and let it fail where that is the goal. */
static void call_enter(struct traced *t, const struct goal *goal)
{
    struct user_regs_struct r;
    struct point *p;

    if (!running || ptrace(PTRACE_GETREGS, t->pid, NULL, &r) < 0)
        return;
    p = point_count_one(t->number, (unsigned)r.orig_rax, site_of(t->pid, &r));
    if (hit || !p || !goal->nth || p->process != goal->process || p->call != goal->call ||
        p->site != goal->site || p->count != goal->nth)
        return;
    hit_report();
    if (!goal->failure) {
        kill(t->pid, SIGKILL);
        return;
    }
    t->failing = goal->failure;
    r.orig_rax = (unsigned long long)-1;
    ptrace(PTRACE_SETREGS, t->pid, NULL, &r);
}

static void call_leave(struct traced *t)
{
    struct user_regs_struct r;

    if (!t->failing || ptrace(PTRACE_GETREGS, t->pid, NULL, &r) < 0)
        return;
    r.rax = (unsigned long long)-t->failing;
    t->failing = 0;
    ptrace(PTRACE_SETREGS, t->pid, NULL, &r);
}

static void call_stop(struct traced *t, const struct goal *goal)
{
    struct __ptrace_syscall_info info;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        call_enter(t, goal);
    else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
        call_leave(t);
}

/* Let a stopped process go on: with the signal that stopped it, unless the stop is ptrace's own. */
static void go_on(struct traced *t, int status, const struct goal *goal)
{
    int signal = WSTOPSIG(status), event = status >> 16, deliver = 0;

    if (signal == (SIGTRAP | 0x80)) {
        call_stop(t, goal);
    } else if (event == PTRACE_EVENT_EXEC) {
        running = 1;
    } else if (event == PTRACE_EVENT_STOP) {
        if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
            ptrace(PTRACE_LISTEN, t->pid, NULL, NULL);
            return;
        }
    } else if (event == 0) {
        deliver = signal;
    }
    ptrace(PTRACE_SYSCALL, t->pid, NULL, (void *)(intptr_t)deliver);
}

/* The command's status once it has ended. */
static int follow(pid_t command, const struct goal *goal)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, __WALL);

        if (pid < 0)
            return 125;
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            traced_forget(pid);
            if (pid == command)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        go_on(traced_find(pid), status, goal);
    }
}

/* A process that is detached continues by itself; it can be detached only while it is stopped. */
static void leave_all(void)
{
    for (size_t i = 0; i < traced_count; i++) {
        int status;

        ptrace(PTRACE_INTERRUPT, traced[i].pid, NULL, NULL);
        for (int tries = 0; tries < 1000; tries++) {
            if (waitpid(traced[i].pid, &status, __WALL | WNOHANG) == traced[i].pid)
                break;
            usleep(1000);
        }
        ptrace(PTRACE_DETACH, traced[i].pid, NULL, NULL);
    }
}

static pid_t start(char **argv)
{
    int go[2];
    char byte;
    pid_t pid;

    if (pipe2(go, 02000000) < 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        close(go[1]);
        personality(ADDR_NO_RANDOMIZE);
        if (read(go[0], &byte, 1) == 1)
            execvp(argv[0], argv);
        _exit(127);
    }
    if (ptrace(PTRACE_SEIZE, pid, NULL,
               (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                        PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)) < 0)
        return -1;
    traced_find(pid);
    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
    if (write(go[1], "", 1) != 1)
        return -1;
    close(go[0]);
    close(go[1]);
    return pid;
}

int main(int argc, char **argv)
{
    struct goal goal = {0};
    int listing = argc > 2 && strcmp(argv[1], "list") == 0, first = listing ? 2 : 6, status;
    pid_t command;

    if (argc <= first) {
        fprintf(stderr,
                "usage: inject list COMMAND... | inject kill|ERRNO PROCESS CALL SITE NTH COMMAND...\n");
        return 125;
    }
    if (!listing) {
        goal.failure = strcmp(argv[1], "kill") == 0 ? 0 : atoi(argv[1]);
        goal.process = (unsigned)atoi(argv[2]);
        goal.call = (unsigned)atoi(argv[3]);
        goal.site = strtoull(argv[4], NULL, 16);
        goal.nth = (unsigned)atoi(argv[5]);
    }
    command = start(argv + first);
    if (command < 0) {
        perror("inject");
        return 125;
    }
    status = follow(command, &goal);
    leave_all();
    for (size_t i = 0; listing && i < point_count; i++)
        fprintf(stderr, "%u %u %llx %u\n", points[i].process, points[i].call,
                (unsigned long long)points[i].site, points[i].count);
    return status;
}
