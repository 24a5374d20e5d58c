/* Creating the container's first process: child_start() of child.h. Source: clone(2), setns(2). */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/file.h"
#include "core/cgroup/cgroup.h"
#include "core/spawn/child.h"
#include "core/spawn/child_inside.h"

/* struct clone_args of linux/sched.h; the C library's sched.h may define that name, too. */
struct clone3_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
        cgroup;
};

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#define INTO_CGROUP UINT64_C(0x200000000)

/* fork(2) with `flags`. Kernels before 5.3 do not support clone3, before 5.7 no cgroup in it, before 5.2 no
 * pidfd. */
static pid_t child_clone_process(struct child *child, uint64_t flags, int cgroup, int *pidfd)
{
    struct clone3_arguments a = {.flags = flags | CLONE_PIDFD,
                                 .pidfd = (uint64_t)(uintptr_t)pidfd,
                                 /* A sibling inherits the exit signal of its creator. */
                                 .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
                                 .cgroup = (uint64_t)cgroup};
    long pid;

    child->in_cgroup = cgroup >= 0;
    if (child->in_cgroup) {
        a.flags |= INTO_CGROUP;
        pid = syscall(SYS_clone3, &a, sizeof(a));
        if (pid >= 0)
            return (pid_t)pid;
        a.flags &= ~INTO_CGROUP;
        child->in_cgroup = false;
    }
    a.cgroup = 0;
    pid = syscall(SYS_clone3, &a, sizeof(a));
    if (pid >= 0 || errno != ENOSYS)
        return (pid_t)pid;
#if defined(__s390__)
    pid = syscall(SYS_clone, 0L, (unsigned long)flags | CLONE_PIDFD | SIGCHLD, pidfd, NULL, 0L);
#else
    pid = syscall(SYS_clone, (unsigned long)flags | CLONE_PIDFD | SIGCHLD, 0L, pidfd, NULL, 0L);
#endif
    return (pid_t)pid;
}

static bool child_shares_any(const struct child *child)
{
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        if (child->plan->shared[i] >= 0)
            return true;
    return false;
}

static pid_t child_clone(struct child *child, uint64_t flags, int cgroup, int *pidfd)
{
    pid_t pid = child_clone_process(child, flags, cgroup, pidfd);

    if (pid == 0)
        child_run(child);
    return pid < 0 ? -errno : pid;
}

/*
 * Run in a helper process: enter the shared namespaces, the user namespace first, since it gives privileges
 * over the others, then create the child as a sibling of the helper (CLONE_PARENT), so that it is a child of
 * the caller.
 */
__attribute__((noreturn)) static void child_clone_among_shared(struct child *child, uint64_t flags,
                                                               int report)
{
    int pidfd = -1;
    pid_t pid = 0;

    for (int i = 0; pid == 0 && i < NAMESPACE_KINDS; i++)
        if (child->plan->shared[i] >= 0 && setns(child->plan->shared[i], (int)namespaces[i].flag) < 0)
            pid = -errno;
    if (pid == 0)
        pid = child_clone(child, flags | CLONE_PARENT, -1, &pidfd);
    (void)write_all(report, &pid, sizeof(pid));
    _exit(0);
}

static pid_t child_start_shared(struct child *child, uint64_t flags, int *pidfd, struct error *err)
{
    cleanup_fd int report = -1, report_child = -1;
    int fds[2];
    pid_t helper, pid = 0;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot make the container's first process");
    report = fds[0];
    report_child = fds[1];
    helper = fork();
    if (helper < 0)
        return error_set(err, errno, "cannot make the container's first process");
    if (helper == 0)
        child_clone_among_shared(child, flags, report_child);
    close_fd(&report_child);
    if (read_all(report, &pid, sizeof(pid)) != sizeof(pid))
        pid = -EIO;
    (void)process_wait(helper, NULL);
    if (pid < 0)
        return error_set(err, pid, "cannot enter the namespaces of lxc.namespace.share");
    *pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return pid;
}

pid_t child_start(struct child *child, int *pidfd, struct error *err)
{
    uint64_t flags = child->plan->own & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
    pid_t pid;

    *pidfd = -1;
    child->in_cgroup = false;
    if (child_shares_any(child))
        return child_start_shared(child, flags, pidfd, err);
    pid = child_clone(child, flags, cgroup_payload_fd(child->plan->cgroup), pidfd);
    if (pid < 0) {
        error_set(err, pid, "cannot make the container's first process in namespaces of its own");
        if (pid == -EPERM && geteuid() != 0)
            error_remedy(err, "an ordinary user has to give it a user namespace with lxc.idmap");
        else if (pid == -EINVAL)
            error_remedy(err, "lxc-checkconfig lists the namespaces that this kernel supports");
        else if (pid == -ENOSPC)
            error_remedy(err, "raise the limits in /proc/sys/user");
    }
    return pid;
}
