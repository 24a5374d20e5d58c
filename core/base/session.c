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
#include "core/base/file.h"
#include "core/base/relay.h"
#include "core/base/str.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static const int handed_on[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1,
                                SIGUSR2, SIGALRM, SIGCONT, SIGWINCH};

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
 * The container may have mounted anything on /dev/pts/ptmx: what is there is looked at without being opened,
 * and only the multiplexer of this very file system (devpts.rst: character device 5:2) is opened, by our own
 * /proc.
 */
static int ptmx_open_inside(int devpts)
{
    cleanup_fd int fd = openat(devpts, "ptmx", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat directory, st;
    struct statfs fs;
    char path[32];
    int r;

    if (fd < 0 || fstat(devpts, &directory) < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
        return -errno;
    if ((unsigned long)fs.f_type != DEVPTS_SUPER_MAGIC || st.st_dev != directory.st_dev ||
        !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
        return -EXDEV;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    r = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return r < 0 ? -errno : r;
}

static int session_open_pty(struct session *s, int devpts, struct error *err)
{
    int unlock = 0;

    s->terminal = devpts >= 0 ? ptmx_open_inside(devpts) : -1;
    if (s->terminal < 0)
        s->terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (s->terminal < 0 || file_control(s->terminal, TIOCSPTLCK, (uintptr_t)&unlock) < 0)
        return error_set(err, errno, "cannot make a terminal for the command");
    s->tty = file_control(s->terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (s->tty >= 0)
        return 0;
    error_set(err, s->tty, "cannot open the command's terminal");
    return error_remedy(err, "use a kernel of version 4.13 or later");
}

int session_open(struct session *s, int devpts, struct error *err)
{
    sigset_t blocked;
    int r = session_has_terminal() ? session_open_pty(s, devpts, err) : 0;

    if (r < 0)
        return r;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    for (size_t i = 0; i < ARRAY_LENGTH(handed_on); i++)
        sigaddset(&blocked, handed_on[i]);
    if (s->terminal < 0)
        sigaddset(&blocked, SIGTSTP);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    s->signals = signalfd(-1, &blocked, SFD_CLOEXEC);
    return s->signals < 0 ? error_set(err, errno, "cannot prepare to follow the command") : 0;
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

/* As ^Z would have stopped us. */
static void stop_self(void)
{
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL);
    sigprocmask(SIG_BLOCK, &stop, NULL);
}

/*
 * A signal of the user's terminal is for all of the command's process group, as it would be without us; what
 * another process sends is for the command. With ^Z we stop as well, so that the shell sees a stopped job,
 * and whatever continues us continues the command.
 */
static void session_hand_on(pid_t pid, const struct signalfd_siginfo *info)
{
    int signal = (int)info->ssi_signo;

    if (signal == SIGCHLD)
        return;
    if (signal == SIGTSTP) {
        if (kill(-pid, SIGSTOP) < 0)
            kill(pid, SIGSTOP);
        stop_self();
        signal = SIGCONT;
    } else if (info->ssi_code <= 0 && signal != SIGCONT) {
        kill(pid, signal);
        return;
    }
    if (kill(-pid, signal) < 0) /* it has no process group of its own yet */
        kill(pid, signal);
}

int session_wait(struct session *s, pid_t pid)
{
    struct signalfd_siginfo info;
    int status;

    /* If the command is still there, that hangs it up. */
    close_fd(&s->terminal);
    close_fd(&s->tty);
    for (;;) {
        pid_t done = waitpid(pid, &status, WNOHANG);

        if (done == pid)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        if (done < 0 && errno != EINTR)
            return -errno;
        if (read(s->signals, &info, sizeof(info)) == sizeof(info))
            session_hand_on(pid, &info);
    }
}

/*
 * Our copy of the command's end of the pty stays open until the command has ended: one that closes its own
 * (as busybox's ping and dd do with their standard input) would else be hung up while it works. A kernel
 * without pidfds (before 5.3) reports the end by nothing but that closing.
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
