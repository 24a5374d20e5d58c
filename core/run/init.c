#include "core/run/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/command/command_client.h"
#include "core/namespace/namespace.h"

#ifndef NS_GET_OWNER_UID
#define NS_GET_OWNER_UID _IO(0xb7, 0x4) /* ioctl_ns(2), kernel 4.11 */
#endif

/* The pid of a pidfd's process, in the pid namespace of /proc: proc(5), /proc/PID/fdinfo. */
static pid_t pidfd_process(int pidfd)
{
    cleanup_free char *text = NULL;
    const char *line = NULL;
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    if (file_read(AT_FDCWD, path, 4096, &text, NULL) == 0)
        line = strstr(text, "\nPid:");
    return line ? (pid_t)strtol(line + strlen("\nPid:"), NULL, 10) : -1;
}

/* Check that the process is still init after its directory was opened: the directory is then not that of a
 * later process with the same pid. */
static int init_check(const struct container *c, pid_t pid, int pidfd, struct error *err)
{
    int again;

    if (pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0 && errno == ESRCH)
        return error_text(err, ENOTCONN, "%s is stopping", c->name);
    if (pidfd >= 0)
        return 0;
    again = command_init_pid(c, NULL, err);
    if (again < 0)
        return again;
    return again == pid ? 0 : error_text(err, ENOTCONN, "%s is restarting", c->name);
}

/*
 * A monitor of root is trusted. A monitor of our own user can only report a process that our user has control
 * of anyway. Any other monitor might report a process of the host: the reported process must be in a user
 * namespace that was made by the monitor's user.
 */
static int init_check_owner(const struct container *c, int proc, uid_t monitor, struct error *err)
{
    cleanup_fd int userns = -1;
    uid_t owner = (uid_t)-1;

    if (monitor == 0 || monitor == geteuid())
        return 0;
    userns = namespace_open_at(proc, c->name, NAMESPACE_USER, err);
    if (userns < 0)
        return userns;
    if (!namespace_is_ours(userns, NAMESPACE_USER) &&
        file_control(userns, NS_GET_OWNER_UID, (uintptr_t)&owner) == 0 && owner == monitor)
        return 0;
    error_text(err, EACCES,
               "the monitor of %s, of user %u, reported a process that is not in a container of that user",
               c->name, monitor);
    return error_remedy(err, "run this as user %u", monitor);
}

int init_pid(const struct container *c, struct error *err)
{
    pid_t pid;
    cleanup_fd int proc = init_open(c, &pid, NULL, err);

    return proc < 0 ? proc : pid;
}

int init_open(const struct container *c, pid_t *pid, int *pidfd, struct error *err)
{
    uid_t monitor = 0;
    cleanup_fd int handle = command_init_pidfd(c, &monitor, NULL), proc = -1;
    pid_t init = handle >= 0 ? pidfd_process(handle) : -1;
    char path[32];
    int r;

    if (init <= 0)
        init = command_init_pid(c, &monitor, err);
    if (init < 0)
        return init;
    snprintf(path, sizeof(path), "/proc/%d", (int)init);
    proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return error_set(err, errno, "cannot find the first process of %s in /proc", c->name);
    r = init_check_owner(c, proc, monitor, err);
    if (r == 0)
        r = init_check(c, init, handle, err);
    if (r < 0)
        return r;
    if (pid)
        *pid = init;
    if (pidfd)
        *pidfd = take_fd(&handle);
    return take_fd(&proc);
}
