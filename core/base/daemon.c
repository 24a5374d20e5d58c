#include "core/base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/process.h"

#define NOBODY  65534
#define END_MS  2000 /* until SIGKILL follows SIGTERM */
#define STOP_MS 5000 /* until SIGKILL is sent, and then until the wait fails */

void daemon_leave_caller(int keep, bool foreground)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int kept[] = {keep, log_fd(), log_syslog_fd()};

    if (!foreground)
        setsid();
    for (int fd = 0; fd <= 2; fd++)
        if ((!foreground || fd < 2) && dup2(null, fd) < 0)
            _exit(1);
    close_others(kept, ARRAY_LENGTH(kept));
}

int daemon_report(int fd, const struct error *result)
{
    int r = write_all(fd, result, sizeof(*result));

    close(fd);
    return r;
}

/* End a child: with SIGTERM, which it may handle to undo what it has done, then with SIGKILL. */
static void daemon_end(pid_t pid)
{
    struct timespec pause = {.tv_nsec = 10000000};
    pid_t ended = 0;

    kill(pid, SIGTERM);
    for (int waited_ms = 0; ended == 0 && waited_ms < END_MS; waited_ms += 10) {
        ended = waitpid(pid, NULL, WNOHANG);
        if (ended == 0)
            nanosleep(&pause, NULL);
    }
    if (ended > 0)
        return;
    kill(pid, SIGKILL);
    (void)process_wait(pid, NULL);
}

int daemon_await(int fd, pid_t pid, const char *what, struct error *err)
{
    struct error theirs = ERROR_INIT;
    ssize_t n = read_all(fd, &theirs, sizeof(theirs));

    if (n == sizeof(theirs) && theirs.code == 0)
        return 0;
    daemon_end(pid);
    if (n == sizeof(theirs))
        return error_copy(err, &theirs);
    return n < 0 ? error_set(err, (int)n, "cannot learn whether %s serves", what)
                 : error_text(err, EIO, "%s exited before it served", what);
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
