#include "core/run/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/command/command_client.h"

/* proc(5), /proc/PID/fdinfo: a pidfd's says whose it is, in the pid namespace of that /proc. */
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

/* Still the first process after its directory was opened: so the directory is not that of a later one. */
static int init_check(const struct container *c, pid_t pid, int pidfd, struct error *err)
{
    int again;

    if (pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0 && errno == ESRCH)
        return error_text(err, ENOTCONN, "%s is stopping", c->name);
    if (pidfd >= 0)
        return 0;
    again = command_init_pid(c, err);
    if (again < 0)
        return again;
    return again == pid ? 0 : error_text(err, ENOTCONN, "%s is restarting", c->name);
}

int init_open(const struct container *c, pid_t *pid, int *pidfd, struct error *err)
{
    cleanup_fd int handle = command_init_pidfd(c, NULL), proc = -1;
    pid_t init = handle >= 0 ? pidfd_process(handle) : -1;
    char path[32];
    int r;

    if (init <= 0)
        init = command_init_pid(c, err);
    if (init < 0)
        return init;
    snprintf(path, sizeof(path), "/proc/%d", (int)init);
    proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return error_set(err, errno, "cannot find the first process of %s in /proc", c->name);
    r = init_check(c, init, handle, err);
    if (r < 0)
        return r;
    if (pid)
        *pid = init;
    if (pidfd)
        *pidfd = take_fd(&handle);
    return take_fd(&proc);
}
