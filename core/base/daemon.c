#include "core/base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"

#define NOBODY  65534
#define STOP_MS 5000 /* until SIGKILL is sent, and then until the wait fails */

void daemon_leave_caller(int keep, bool foreground)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int kept[] = {keep, log_fd(), log_syslog_fd()};

    if (!foreground)
        setsid();
    if (null >= 0)
        for (int fd = 0; fd <= 2; fd++)
            if (!foreground || fd < 2)
                dup2(null, fd);
    close_others(kept, ARRAY_LENGTH(kept));
}

int daemon_become_nobody(struct error *err)
{
    if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || chdir("/") < 0)
        return error_set(err, errno, "cannot give up root privileges");
    return 0;
}

int daemon_lock(const char *pid_file, struct error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    cleanup_fd int fd = open(pid_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

    if (fd < 0)
        return error_set(err, errno, "cannot open %s", pid_file);
    if (fcntl(fd, F_SETLK, &whole) < 0)
        return error_text(err, EBUSY, "%s is in use by another process", pid_file);
    if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
        return error_set(err, errno, "cannot write %s", pid_file);
    return take_fd(&fd);
}

pid_t daemon_find(const char *pid_file)
{
    cleanup_fd int fd = open(pid_file, O_RDONLY | O_CLOEXEC);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    if (fcntl(fd, F_GETLK, &whole) < 0)
        return -errno;
    return whole.l_type == F_UNLCK ? 0 : whole.l_pid;
}

int daemon_stop(const char *pid_file, const char *what, struct error *err)
{
    struct timespec pause = {.tv_nsec = 10000000};
    pid_t pid = daemon_find(pid_file), now = pid;

    if (pid < 0)
        return error_set(err, pid, "cannot find %s", what);
    if (pid > 0 && kill(pid, SIGTERM) < 0 && errno != ESRCH)
        return error_set(err, errno, "cannot terminate %s (pid %d)", what, (int)pid);
    for (int waited_ms = 0; now == pid && pid > 0; waited_ms += 10) {
        if (waited_ms == STOP_MS)
            kill(pid, SIGKILL);
        if (waited_ms > 2 * STOP_MS)
            return error_text(err, ETIMEDOUT, "%s (pid %d) does not terminate", what, (int)pid);
        nanosleep(&pause, NULL);
        now = daemon_find(pid_file);
    }
    unlink(pid_file);
    return 0;
}
