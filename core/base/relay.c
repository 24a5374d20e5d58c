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
#include "core/base/signal.h"

/* The former mode of the user's terminal, restored at the end of the scope. */
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

/* The former signal mask, restored at the end of the scope: during the relay, signals are read from an fd. */
struct blocked_signals {
    sigset_t before;
};

static void blocked_signals_end(struct blocked_signals *blocked)
{
    sigprocmask(SIG_SETMASK, &blocked->before, NULL);
}

static int blocked_signals_begin(struct blocked_signals *blocked)
{
    static const int signals[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, 0};

    return signal_receive(signals, SFD_NONBLOCK, &blocked->before);
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

/* END if the other side has hung up (EIO: no process has it open any more), MORE, or a negative errno. */
static int relay_copy_output(const struct relay *relay)
{
    char bytes[8192];
    ssize_t n = read(relay->terminal, bytes, sizeof(bytes));
    int r = 0;

    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? MORE : errno == EIO ? END : -errno;
    if (n == 0)
        return END;
    if (relay->out >= 0)
        r = write_all(relay->out, bytes, (size_t)n);
    if (r == 0 && relay->log >= 0)
        r = write_all(relay->log, bytes, (size_t)n);
    return r < 0 ? r : MORE;
}

/* END if the user leaves, MORE, or a negative errno. `*in` becomes -1 at end of file. */
static int relay_copy_input(const struct relay *relay, int *in, bool *escaped)
{
    char bytes[4096];
    ssize_t n = read(*in, bytes, sizeof(bytes));
    bool leave;
    int r;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return MORE;
    if (n <= 0) {
        *in = -1;
        return MORE;
    }
    n = (ssize_t)relay_escape(relay->escape, escaped, &leave, bytes, (size_t)n);
    r = write_all(relay->terminal, bytes, (size_t)n);
    if (r < 0)
        return r == -EIO ? END : r;
    return leave ? END : MORE;
}

/* Copy a new window size, or forward the signal to the process on the pty. END if there is no such process.
 */
static int relay_handle_signal(const struct relay *relay, int signals)
{
    struct signalfd_siginfo info;

    if (read(signals, &info, sizeof(info)) != sizeof(info))
        return MORE;
    if (info.ssi_signo == SIGWINCH) {
        relay_window_size(relay->in, relay->terminal);
        return MORE;
    }
    if (relay->pidfd < 0)
        return END;
    syscall(SYS_pidfd_send_signal, relay->pidfd, info.ssi_signo, NULL, 0);
    return MORE;
}

/* Copy the output that remains in the pty after the end of its process. */
static int relay_drain(const struct relay *relay)
{
    struct pollfd p = {relay->terminal, POLLIN, 0};

    while (poll(&p, 1, 0) > 0 && (p.revents & POLLIN)) {
        int r = relay_copy_output(relay);
        if (r != MORE)
            return r;
    }
    return 0;
}

int relay_run(const struct relay *relay, struct error *err)
{
    __attribute__((cleanup(blocked_signals_end))) struct blocked_signals blocked;
    cleanup_fd int signals = blocked_signals_begin(&blocked);
    __attribute__((cleanup(raw_mode_end))) struct raw_mode raw = raw_mode_begin(relay->in);
    int in = relay->in, r = MORE;
    bool escaped = false;

    if (signals < 0)
        return error_set(err, errno, "cannot wait for signals");
    (void)raw;
    relay_window_size(relay->in, relay->terminal);
    while (r == MORE) {
        struct pollfd p[] = {
            {relay->terminal, POLLIN, 0}, {in, POLLIN, 0}, {signals, POLLIN, 0}, {relay->pidfd, POLLIN, 0}};

        if (poll(p, ARRAY_LENGTH(p), -1) < 0 && errno != EINTR)
            return error_set(err, errno, "cannot wait for the terminal");
        if (p[2].revents)
            r = relay_handle_signal(relay, signals);
        if (r == MORE && p[0].revents)
            r = relay_copy_output(relay);
        else if (r == MORE && p[3].revents)
            r = relay_drain(relay);
        if (r == MORE && p[1].revents)
            r = relay_copy_input(relay, &in, &escaped);
    }
    return r < 0 ? error_set(err, r, "cannot relay the terminal") : 0;
}
