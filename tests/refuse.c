/*
 * refuse VERSION COMMAND: run a command as on an older kernel. In it and all its children, system calls that
 * came after that version are answered with ENOSYS, newer arguments of older ones as such a kernel does:
 * setns(2) of a pidfd and unshare(2) of a time namespace with EINVAL, and clone(2) gives no pidfd, without a
 * word. Source: seccomp(2), ptrace(2).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEW_TIME 0x80   /* CLONE_NEWTIME */
#define PIDFD    0x1000 /* CLONE_PIDFD */

static const struct {
    unsigned number, since; /* major * 100 + minor */
} calls[] = {
    {SYS_pidfd_send_signal, 501},
    {425 /* io_uring_setup */, 501},
    {SYS_open_tree, 502},
    {SYS_move_mount, 502},
    {SYS_fsopen, 502},
    {SYS_fsconfig, 502},
    {SYS_fsmount, 502},
    {SYS_fspick, 502},
    {SYS_pidfd_open, 503},
    {SYS_clone3, 503},
    {SYS_openat2, 506},
    {SYS_pidfd_getfd, 506},
    {439 /* faccessat2 */, 508},
    {SYS_close_range, 509},
    {441 /* epoll_pwait2 */, 511},
    {442 /* mount_setattr */, 512},
    {444 /* landlock_create_ruleset */, 513},
    {448 /* process_mrelease */, 515},
    {452 /* fchmodat2 */, 606},
    {457 /* statmount */, 608},
    {458 /* listmount */, 608},
};
static struct sock_filter filter[100];
static unsigned short length;

static void add(unsigned code, unsigned value, unsigned yes, unsigned no)
{
    filter[length++] =
        (struct sock_filter)BPF_JUMP((unsigned short)code, value, (unsigned char)yes, (unsigned char)no);
}

static void load(unsigned offset)
{
    add(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}
static void answer(unsigned value)
{
    add(BPF_RET | BPF_K, value, 0, 0);
}

/* The lower half, with the flags, of an argument. */
static unsigned argument(unsigned n)
{
    return (unsigned)offsetof(struct seccomp_data, args) + 8 * n;
}

static void write_filter(unsigned version)
{
    load(offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (calls[i].since <= version)
            continue;
        add(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1);
        answer(SECCOMP_RET_ERRNO | ENOSYS);
    }
    if (version < 508) {
        add(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 0, 1);
        answer(SECCOMP_RET_TRACE);
    }
    if (version < 506) {
        add(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 4);
        load(argument(0));
        add(BPF_JMP | BPF_JSET | BPF_K, NEW_TIME, 0, 1);
        answer(SECCOMP_RET_ERRNO | EINVAL);
        answer(SECCOMP_RET_ALLOW);
    }
    if (version < 502) {
        add(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
        load(argument(0));
        add(BPF_JMP | BPF_JSET | BPF_K, PIDFD, 0, 1);
        answer(SECCOMP_RET_TRACE);
        answer(SECCOMP_RET_ALLOW);
    }
    answer(SECCOMP_RET_ALLOW);
}

#ifdef __x86_64__
/* clone without its flag; setns of a pidfd not at all. */
static void change_call(pid_t pid)
{
    struct user_regs_struct r;
    char path[64], target[64] = "";

    ptrace(PTRACE_GETREGS, pid, 0, &r);
    if (r.orig_rax == SYS_clone) {
        r.rdi &= ~(unsigned long long)PIDFD;
    } else {
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, (int)r.rdi);
        if (readlink(path, target, sizeof(target) - 1) < 0 || !strstr(target, "[pidfd]"))
            return;
        r.orig_rax = (unsigned long long)-1;
        r.rax = (unsigned long long)-EINVAL;
    }
    ptrace(PTRACE_SETREGS, pid, 0, &r);
}
#endif

/* Until all are gone. */
static void trace(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        int event = status >> 16, stop = WSTOPSIG(status), deliver = event ? 0 : stop;

        if (!WIFSTOPPED(status))
            continue;
        if (event == PTRACE_EVENT_STOP && stop != SIGTRAP) {
            ptrace(PTRACE_LISTEN, pid, 0, 0); /* stopped as a job is */
            continue;
        }
#ifdef __x86_64__
        if (event == PTRACE_EVENT_SECCOMP)
            change_call(pid);
#endif
        ptrace(PTRACE_CONT, pid, 0, deliver);
    }
}

/* A child of ours traces us, so that who started us waits for the command and not for what that leaves
 * behind. */
static int start_tracer(void)
{
    const long options =
        PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    int ready[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
    pid_t parent = getpid();
    char byte;

    if (null < 0 || pipe2(ready, O_CLOEXEC) < 0)
        return -1;
    if (fork() == 0) {
        /* Not a child of the command's, whose children it may wait for. */
        if (fork() != 0)
            _exit(0);
        setsid();
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        if (ptrace(PTRACE_SEIZE, parent, 0, options) == 0 && write(ready[1], "", 1) == 1) {
            close(ready[1]);
            trace();
        }
        _exit(0);
    }
    wait(NULL);
    close(ready[1]);
    return read(ready[0], &byte, 1) == 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct sock_fprog program = {.filter = filter};
    unsigned major, minor;

    if (argc < 3 || sscanf(argv[1], "%u.%u", &major, &minor) != 2) {
        fprintf(stderr, "usage: refuse VERSION COMMAND [ARGUMENT]...\n");
        return 2;
    }
    if (major * 100 + minor < 508 && start_tracer() < 0) {
        perror("refuse: cannot trace");
        return 2;
    }
    write_filter(major * 100 + minor);
    program.len = length;
    if ((geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
        perror("refuse: cannot refuse system calls");
        return 2;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
