#include "core/base/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <termios.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"

/* The person's terminal as it was, put back at the end of the scope. */
struct raw_mode {
    int fd; /* -1: not changed */
    struct termios before;
};

static void raw_mode_end(struct raw_mode *raw)
{
    if (raw->fd >= 0)
        tcsetattr(raw->fd, TCSADRAIN, &raw->before);
}

static struct raw_mode raw_mode_begin(int fd)
{
    struct raw_mode raw = {.fd = -1};
    struct termios changed;

    if (fd < 0 || tcgetattr(fd, &raw.before) < 0)
        return raw;
    changed = raw.before;
    cfmakeraw(&changed);
    if (tcsetattr(fd, TCSADRAIN, &changed) == 0)
        raw.fd = fd;
    return raw;
}

/* Signals that arrive while we relay come as reads; the mask as it was is put back at the end of the scope.
 */
struct blocked_signals {
    sigset_t before;
};

static void blocked_signals_end(struct blocked_signals *blocked)
{
    sigprocmask(SIG_SETMASK, &blocked->before, NULL);
}

static int block_signals(struct blocked_signals *blocked)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigprocmask(SIG_BLOCK, &set, &blocked->before);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void relay_window_size(int in, int terminal)
{
    struct winsize size;

    if (in >= 0 && ioctl(in, TIOCGWINSZ, &size) == 0)
        file_control(terminal, TIOCSWINSZ, (uintptr_t)&size);
}

size_t relay_escape(int escape, bool *escaped, bool *leave, char *bytes, size_t length)
{
    size_t kept = 0;

    *leave = false;
    for (size_t i = 0; i < length && !*leave; i++) {
        if (escape && bytes[i] == escape && !*escaped) {
            *escaped = true;
            continue;
        }
        *leave = *escaped && bytes[i] == 'q';
        *escaped = false;
        if (!*leave)
            bytes[kept++] = bytes[i];
    }
    return kept;
}

enum { END = 0, MORE = 1 };

/* END when the container's side has hung up (EIO: no process has it open any more), MORE, or negative. */
static int copy_output(const struct relay *r)
{
    char bytes[8192];
    ssize_t n = read(r->terminal, bytes, sizeof(bytes));
    int result = 0;

    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? MORE : errno == EIO ? END : -errno;
    if (n == 0)
        return END;
    if (r->out >= 0)
        result = write_all(r->out, bytes, (size_t)n);
    if (result == 0 && r->log >= 0)
        result = write_all(r->log, bytes, (size_t)n);
    return result < 0 ? result : MORE;
}

/* END when the person left, MORE, or negative. `*in` becomes -1 at end of file. */
static int copy_input(const struct relay *r, int *in, bool *escaped)
{
    char bytes[4096];
    ssize_t n = read(*in, bytes, sizeof(bytes));
    bool leave;
    int result;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return MORE;
    if (n <= 0) {
        *in = -1;
        return MORE;
    }
    n = (ssize_t)relay_escape(r->escape, escaped, &leave, bytes, (size_t)n);
    result = write_all(r->terminal, bytes, (size_t)n);
    if (result < 0)
        return result == -EIO ? END : result;
    return leave ? END : MORE;
}

/* A window size or, where there is a process behind the terminal, a signal to hand on; else END. */
static int handle_signal(const struct relay *r, int signals)
{
    struct signalfd_siginfo info;

    if (read(signals, &info, sizeof(info)) != sizeof(info))
        return MORE;
    if (info.ssi_signo == SIGWINCH) {
        relay_window_size(r->in, r->terminal);
        return MORE;
    }
    if (r->pidfd < 0)
        return END;
    syscall(SYS_pidfd_send_signal, r->pidfd, info.ssi_signo, NULL, 0);
    return MORE;
}

/* What is still in the pty after the process at its other end has gone. */
static int drain(const struct relay *r)
{
    struct pollfd p = {r->terminal, POLLIN, 0};

    while (poll(&p, 1, 0) > 0 && (p.revents & POLLIN)) {
        int result = copy_output(r);
        if (result != MORE)
            return result;
    }
    return 0;
}

int relay_run(const struct relay *r, struct error *err)
{
    __attribute__((cleanup(blocked_signals_end))) struct blocked_signals blocked;
    cleanup_fd int signals = block_signals(&blocked);
    __attribute__((cleanup(raw_mode_end))) struct raw_mode raw = raw_mode_begin(r->in);
    int in = r->in, result = MORE;
    bool escaped = false;

    if (signals < 0)
        return error_set(err, errno, "cannot wait for signals");
    (void)raw;
    relay_window_size(r->in, r->terminal);
    while (result == MORE) {
        struct pollfd p[] = {
            {r->terminal, POLLIN, 0}, {in, POLLIN, 0}, {signals, POLLIN, 0}, {r->pidfd, POLLIN, 0}};

        if (poll(p, ARRAY_LENGTH(p), -1) < 0 && errno != EINTR)
            return error_set(err, errno, "cannot wait for the terminal");
        if (p[2].revents)
            result = handle_signal(r, signals);
        if (result == MORE && p[0].revents)
            result = copy_output(r);
        else if (result == MORE && p[3].revents)
            result = drain(r);
        if (result == MORE && p[1].revents)
            result = copy_input(r, &in, &escaped);
    }
    return result < 0 ? error_set(err, result, "cannot relay the terminal") : 0;
}
