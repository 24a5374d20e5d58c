/*
 * The container's console: a pty that is its /dev/console. The monitor always reads it, so that no process
 * in the container waits for a reader, and copies the output to the log file, to the ring buffer, to the
 * terminal of the user (foreground, lxc.console.path) and to the one client that lxc-console has connected.
 * Source: lxc.container.conf(5) "lxc.console.*", pty(7).
 *
 * A slow reader does not block the monitor: output that cannot be written within a second is dropped.
 */
#ifndef LXCBOX_CORE_MONITOR_CONSOLE_H
#define LXCBOX_CORE_MONITOR_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "core/base/loop.h"
#include "core/config/config.h"
#include "core/spawn/terminal.h"

struct start_options;

/* The last bytes of the output. */
struct console_ring {
    char *bytes;   /* NULL: none configured */
    size_t size;   /* a power of two, from lxc.console.buffer.size */
    size_t start;  /* of the oldest byte */
    size_t length; /* bytes held */
};

struct console {
    struct loop *loop;         /* watches the open fds */
    struct terminal pty;       /* -1: the container has no console (no rootfs, lxc.console.path = none) */
    struct terminal proxy;     /* for a client, which receives the slave; the monitor relays the master */
    struct winsize proxy_size; /* last size that the client has set */
    int input, output;         /* of the user, or of lxc.console.path; -1: none */
    bool owned;                /* `input` and `output` are one fd, which console_close() closes */
    bool raw;                  /* `input` is a terminal in raw mode; its former mode is in `saved` */
    struct termios saved;
    struct console_ring ring;
    int log;                  /* fd of lxc.console.logfile; -1: none */
    const char *log_path;     /* the config's */
    uint64_t log_size_bytes;  /* written so far */
    uint64_t log_limit_bytes; /* lxc.console.size; 0: none */
    bool log_rotate; /* at the limit, continue in a new file and keep the old one as FILE.1; else stop */
    bool log_kept;   /* the log is the file of core/monitor/last_run.h, not the config's */
};

#define CONSOLE_NONE                                                                                         \
    {                                                                                                        \
        .pty = TERMINAL_NONE, .proxy = TERMINAL_NONE, .input = -1, .output = -1, .log = -1                   \
    }

/* Whether a container of this configuration has a console. */
bool console_wanted(const struct config *c);

/*
 * Before a start: open the log, the ring and lxc.console.path; in the foreground use standard input and
 * output (lxc-execute: only if they are terminals). 0 or a negative errno with `err` filled.
 */
int console_open(struct console *c, struct loop *loop, const struct config *config,
                 const struct start_options *options, struct error *err);

/*
 * Before console_connect(), where the configuration names no log: open the one that is kept for lxc-logs, of
 * bounded size. `path` must outlive the console. A container also starts without it.
 */
void console_keep(struct console *c, const struct config *config, const char *path);

/* Start to relay c->pty, which the caller has set, and put the user's terminal in raw mode. */
int console_connect(struct console *c, struct error *err);

/* Copy all output that the container has written so far. */
void console_catch_up(struct console *c);

/* Set the size of the user's terminal, which has changed. */
void console_window_size(struct console *c);

/* After the end of the container: copy the remaining output, restore the user's terminal, close everything.
 */
void console_close(struct console *c);

/*
 * Connect a client to the console until console_release(). Returns the fd to send to it, which `c` owns;
 * -EBUSY if another client is connected, -EINVAL if there is no console, or another negative errno.
 */
int console_take(struct console *c, int connection);
void console_release(struct console *c, int connection);

/*
 * The ring buffer's contents, oldest first, at most `max` bytes (0: all), in memory that the caller
 * frees. 0, -ENODATA if it is empty, -EFAULT if there is no buffer, -ENOMEM.
 */
int console_ring_read(const struct console_ring *ring, size_t max, char **data, size_t *length);
void console_ring_clear(struct console_ring *ring);
/* Drop the oldest `length` bytes; there must be as many. */
void console_ring_drop(struct console_ring *ring, size_t length);
/* Append; the oldest bytes are dropped if the buffer is full. */
void console_ring_write(struct console_ring *ring, const char *bytes, size_t length);

#endif
