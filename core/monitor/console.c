#include "core/monitor/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/monitor/last_run.h"
#include "core/monitor/start.h"

#define WRITE_TIMEOUT_MS 1000
#define RING_SIZE_MAX    (UINT64_C(1) << 30) /* its length goes through the command socket as an int32_t */

/* Write; what the reader does not accept within WRITE_TIMEOUT_MS is dropped. */
static void console_write(int fd, const char *bytes, size_t length)
{
    while (length) {
        struct pollfd p = {fd, POLLOUT, 0};
        ssize_t n;

        if (poll(&p, 1, WRITE_TIMEOUT_MS) <= 0 || !(p.revents & POLLOUT))
            return;
        n = write(fd, bytes, length < 4096 ? length : 4096);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return;
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        }
    }
}

bool console_wanted(const struct config *c)
{
    return c->rootfs_path && c->rootfs_path[0] && !(c->console_path && strcmp(c->console_path, "none") == 0);
}

static int console_log_open(struct console *c, struct error *err)
{
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC | (c->log_kept ? O_NOFOLLOW : 0);
    struct stat st;

    c->log = open(c->log_path, flags, 0600);
    if (c->log < 0 || fstat(c->log, &st) < 0) {
        error_set(err, errno, "cannot open the console's log %s", c->log_path);
        return error_remedy(err, "set lxc.console.logfile (lxc-start -L) to a file that can be made");
    }
    c->log_size_bytes = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    return 0;
}

void console_keep(struct console *c, const struct config *config, const char *path)
{
    struct error err = ERROR_INIT;

    if (!console_wanted(config) || (c->log_path && c->log_path[0]))
        return;
    c->log_path = path;
    c->log_kept = c->log_rotate = true;
    c->log_limit_bytes = LAST_CONSOLE_BYTES;
    if (console_log_open(c, &err) < 0 && err.code != -ENOENT) /* a container without a directory */
        log_warn("console", "%s: the output of the container is not kept", err.text);
}

/* The size is a power of two: the configuration rounds it up. */
static int ring_open(struct console_ring *ring, uint64_t size_bytes, struct error *err)
{
    if (size_bytes == 0)
        return 0;
    if (size_bytes > RING_SIZE_MAX)
        return error_text(err, EINVAL, "lxc.console.buffer.size = %llu is more than 1 GB",
                          (unsigned long long)size_bytes);
    ring->size = (size_t)size_bytes;
    ring->bytes = malloc(ring->size);
    return ring->bytes ? 0
                       : error_set(err, ENOMEM, "cannot allocate lxc.console.buffer.size = %zu", ring->size);
}

/* lxc.console.path: a tty, a fifo or a file of the host in place of the user's terminal. */
static int console_open_path(struct console *c, const char *path, struct error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        error_set(err, errno, "cannot open %s as console", path);
        close_fd(&fd);
        return error_remedy(err, "set lxc.console.path (lxc-start -c) to a tty, a file, or \"none\"");
    }
    c->owned = true;
    c->output = fd;
    /* A regular file is always readable, also at its end: the loop cannot wait for it. */
    c->input = S_ISREG(st.st_mode) ? -1 : fd;
    return 0;
}

int console_open(struct console *c, struct loop *loop, const struct config *config,
                 const struct start_options *options, struct error *err)
{
    int r = 0;

    *c = (struct console)CONSOLE_NONE;
    c->loop = loop;
    if (!console_wanted(config))
        return 0;
    c->log_path = config->console_logfile;
    c->log_limit_bytes = config->console_size_bytes;
    c->log_rotate = config->console_rotate;
    r = ring_open(&c->ring, config->console_buffer_size_bytes, err);
    if (r < 0)
        return r;
    if (c->log_path && c->log_path[0])
        r = console_log_open(c, err);
    if (r == 0 && config->console_path && config->console_path[0]) {
        r = console_open_path(c, config->console_path, err);
    } else if (r == 0 && options->foreground) {
        /* Pipes and files of lxc-execute belong to its command. */
        bool own = options->execute || options->streams;

        c->input = !own || isatty(STDIN_FILENO) ? STDIN_FILENO : -1;
        if (!own || isatty(STDOUT_FILENO))
            c->output = STDOUT_FILENO;
        else if (isatty(STDERR_FILENO))
            c->output = STDERR_FILENO;
    }
    return r;
}

void console_window_size(struct console *c)
{
    struct winsize size;

    if (c->pty.master >= 0 && c->input >= 0 && ioctl(c->input, TIOCGWINSZ, &size) == 0)
        file_control(c->pty.master, TIOCSWINSZ, (uintptr_t)&size);
}

/* Rename the full log to FILE.1 and begin a new one. */
static void console_log_rotate(struct console *c)
{
    cleanup_free char *old = format_string("%s.1", c->log_path);
    struct error err = ERROR_INIT;
    int before = c->log;

    if (!old || rename(c->log_path, old) < 0 || console_log_open(c, &err) < 0) {
        log_warn("console", "cannot rotate %s", c->log_path);
        c->log = before;
        c->log_rotate = false;
        return;
    }
    close(before);
}

static void console_log_write(struct console *c, const char *bytes, size_t length)
{
    if (c->log < 0)
        return;
    if (c->log_limit_bytes && c->log_size_bytes + length > c->log_limit_bytes) {
        if (c->log_rotate)
            console_log_rotate(c);
        if (!c->log_rotate) {
            uint64_t left =
                c->log_limit_bytes > c->log_size_bytes ? c->log_limit_bytes - c->log_size_bytes : 0;
            length = left < length ? (size_t)left : length;
        }
    }
    console_write(c->log, bytes, length);
    c->log_size_bytes += length;
}

/* Read output of the container. */
static void console_output(int master, void *data)
{
    struct console *c = data;
    char bytes[4096];
    ssize_t n = read(master, bytes, sizeof(bytes));

    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            loop_remove(c->loop, c->pty.master);
        return;
    }
    console_ring_write(&c->ring, bytes, (size_t)n);
    console_log_write(c, bytes, (size_t)n);
    if (c->output >= 0)
        console_write(c->output, bytes, (size_t)n);
    if (c->proxy.holder >= 0)
        console_write(c->proxy.master, bytes, (size_t)n);
}

/* Read input of the user of lxc-start -F. */
static void console_input(int input, void *data)
{
    struct console *c = data;
    char bytes[1024];
    ssize_t n = read(input, bytes, sizeof(bytes));

    if (n > 0) {
        console_write(c->pty.master, bytes, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        loop_remove(c->loop, c->input);
    }
}

/* Read input of the user of lxc-console. */
static void console_proxy_input(int master, void *data)
{
    struct console *c = data;
    struct winsize size;
    char bytes[1024];
    ssize_t n;

    /* The client cannot notify the monitor of a new window size, but sets the size of its pty. It is copied
     * with the next input. */
    if (ioctl(master, TIOCGWINSZ, &size) == 0 && memcmp(&size, &c->proxy_size, sizeof(size)) != 0) {
        c->proxy_size = size;
        file_control(c->pty.master, TIOCSWINSZ, (uintptr_t)&size);
    }
    n = read(master, bytes, sizeof(bytes));
    if (n > 0)
        console_write(c->pty.master, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        console_release(c, c->proxy.holder);
}

int console_connect(struct console *c, struct error *err)
{
    struct termios raw;
    int r = loop_add(c->loop, c->pty.master, console_output, c);

    if (r < 0)
        return error_set(err, r, "cannot watch the console");
    fcntl(c->pty.master, F_SETFL, O_RDWR | O_NONBLOCK);
    if (c->input < 0)
        return 0;
    if (tcgetattr(c->input, &c->saved) == 0) {
        raw = c->saved;
        cfmakeraw(&raw);
        c->raw = tcsetattr(c->input, TCSAFLUSH, &raw) == 0;
        console_window_size(c);
    }
    /* EPERM: a regular file, which cannot be waited for. */
    r = loop_add(c->loop, c->input, console_input, c);
    if (r == -EPERM) {
        console_input(c->input, c);
        r = 0;
    }
    return r < 0 ? error_set(err, r, "cannot watch the console's input") : 0;
}

int console_take(struct console *c, int connection)
{
    struct termios raw;
    int r;

    if (c->pty.master < 0)
        return -EINVAL;
    if (c->proxy.holder >= 0)
        return -EBUSY;
    r = terminal_open(&c->proxy, NULL);
    if (r < 0)
        return r;
    if (tcgetattr(c->proxy.slave, &raw) == 0) {
        cfmakeraw(&raw);
        tcsetattr(c->proxy.slave, TCSANOW, &raw);
    }
    r = loop_add(c->loop, c->proxy.master, console_proxy_input, c);
    if (r < 0) {
        terminal_close(&c->proxy);
        return r;
    }
    c->proxy.holder = connection;
    return c->proxy.slave;
}

void console_release(struct console *c, int connection)
{
    if (connection < 0 || c->proxy.holder != connection)
        return;
    loop_remove(c->loop, c->proxy.master);
    terminal_close(&c->proxy);
}

void console_catch_up(struct console *c)
{
    struct pollfd p = {c->pty.master, POLLIN, 0};

    while (p.fd >= 0 && poll(&p, 1, 0) > 0 && p.revents & POLLIN)
        console_output(p.fd, c);
}

void console_close(struct console *c)
{
    console_catch_up(c);
    console_release(c, c->proxy.holder);
    if (c->pty.master >= 0)
        loop_remove(c->loop, c->pty.master);
    if (c->input >= 0)
        loop_remove(c->loop, c->input);
    if (c->raw)
        tcsetattr(c->input, TCSAFLUSH, &c->saved);
    terminal_close(&c->pty);
    if (c->owned)
        close(c->output);
    close_fd(&c->log);
    free(c->ring.bytes);
    *c = (struct console)CONSOLE_NONE;
}
