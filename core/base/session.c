#include "core/base/session.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/pty.h"
#include "core/base/relay.h"
#include "core/base/signal.h"
#include "core/base/str.h"

void session_close(struct session *s)
{
    close_fd(&s->terminal);
    close_fd(&s->tty);
    close_fd(&s->signals);
}

bool session_has_terminal(void)
{
    return isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) || isatty(STDERR_FILENO);
}

bool session_is_controlled(void)
{
    cleanup_fd int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    return fd >= 0;
}

/*
 * The container may have mounted any file on /dev/pts/ptmx. Therefore the file is examined through an O_PATH
 * fd, and opened, through the /proc of this process, only if it is the multiplexer of this file system
 * (devpts.rst: character device 5:2).
 */
static int pty_open_inside(int devpts)
{
    cleanup_fd int fd = openat(devpts, "ptmx", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat directory, st;
    struct statfs fs;
    char path[32];

    if (fd < 0 || fstat(devpts, &directory) < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
        return -errno;
    if ((unsigned long)fs.f_type != DEVPTS_SUPER_MAGIC || st.st_dev != directory.st_dev ||
        !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
        return -EXDEV;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return pty_open_master(AT_FDCWD, path, 0);
}

static int session_open_pty(struct session *s, int devpts, struct error *err)
{
    s->terminal = devpts >= 0 ? pty_open_inside(devpts) : -1;
    if (s->terminal < 0)
        s->terminal = pty_open_master(AT_FDCWD, "/dev/ptmx", 0);
    if (s->terminal < 0)
        return error_set(err, s->terminal, "cannot make a terminal for the command");
    s->tty = pty_open_slave(s->terminal, err);
    return s->tty < 0 ? s->tty : 0;
}

int session_open(struct session *s, int devpts, struct error *err)
{
    int r = session_has_terminal() ? session_open_pty(s, devpts, err) : 0;
    const int stop = s->terminal < 0 ? SIGTSTP : 0;
    const int signals[] = {SIGCHLD, SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM, SIGUSR1,
                           SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, stop,    0};

    if (r < 0)
        return r;
    s->signals = signal_receive(signals, 0, NULL);
    return s->signals < 0 ? error_set(err, s->signals, "cannot prepare to follow the command") : 0;
}

int session_redirect(const struct session *s, struct error *err)
{
    for (int fd = STDIN_FILENO; s->tty >= 0 && fd <= STDERR_FILENO; fd++)
        if (isatty(fd) && dup2(s->tty, fd) < 0)
            return error_set(err, errno, "cannot use the terminal");
    return 0;
}

int session_enter(const struct session *s, struct error *err)
{
    sigset_t none;

    if (setsid() < 0)
        return error_set(err, errno, "cannot make a session for the command");
    if (s->tty >= 0 && ioctl(s->tty, TIOCSCTTY, 0) < 0)
        return error_set(err, errno, "cannot make the terminal the command's own");
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return 0;
}

/* Stop this process as ^Z does. */
static void session_stop_self(void)
{
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL);
    sigprocmask(SIG_BLOCK, &stop, NULL);
}

/*
 * Forward a signal: one from the user's terminal to the process group of the command, as the terminal would
 * send it; one from another process to the command only. On ^Z this process stops too, so that the shell sees
 * a stopped job; when it is continued, it continues the command.
 */
static void session_forward(pid_t pid, const struct signalfd_siginfo *info)
{
    int signal = (int)info->ssi_signo;

    if (signal == SIGCHLD)
        return;
    if (signal == SIGTSTP) {
        if (kill(-pid, SIGSTOP) < 0)
            kill(pid, SIGSTOP);
        session_stop_self();
        signal = SIGCONT;
    } else if (info->ssi_code <= 0 && signal != SIGCONT) {
        kill(pid, signal);
        return;
    }
    if (kill(-pid, signal) < 0) /* the command has no process group of its own yet */
        kill(pid, signal);
}

int session_wait(struct session *s, pid_t pid)
{
    struct signalfd_siginfo info;
    int status;

    /* This sends SIGHUP to a command that still runs. */
    close_fd(&s->terminal);
    close_fd(&s->tty);
    for (;;) {
        pid_t done = waitpid(pid, &status, WNOHANG);

        if (done == pid)
            return process_exit_status(status);
        if (done < 0 && errno != EINTR)
            return -errno;
        if (read(s->signals, &info, sizeof(info)) == sizeof(info))
            session_forward(pid, &info);
    }
}

/*
 * This process keeps the command's end of the pty open until the command has ended: if the command closes its
 * own (as the ping and dd of busybox do with standard input), the relay must not take that for the end. On a
 * kernel without pidfds (before 5.3), closing is the only sign of the end.
 */
int session_follow(struct session *s, pid_t pid, int log, struct error *err)
{
    int r = 0, status;

    if (s->terminal >= 0) {
        cleanup_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        const struct relay relay = {.in = isatty(STDIN_FILENO) ? STDIN_FILENO : -1,
                                    .out = isatty(STDOUT_FILENO) ? STDOUT_FILENO : STDERR_FILENO,
                                    .terminal = s->terminal,
                                    .log = log,
                                    .pidfd = pidfd};

        if (pidfd < 0)
            close_fd(&s->tty);
        r = relay_run(&relay, err);
    }
    status = session_wait(s, pid);
    if (status < 0)
        return error_set(err, status, "cannot wait for the command");
    return r < 0 ? r : status;
}
