/*
 * The container's console: a pty that is its /dev/console. The monitor reads it always, so that nothing in
 * the container ever waits for a reader, and passes its output to the log file, to the ring buffer, to the
 * user's terminal (foreground, lxc.console.path) and to the one client that lxc-console has connected.
 * Source: lxc.container.conf(5) "lxc.console.*", pty(7).
 *
 * Nobody who reads slowly holds the monitor up for long: what cannot be written within a second is dropped.
 */
#ifndef LXCBOX_CORE_RUN_CONSOLE_H
#define LXCBOX_CORE_RUN_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "core/base/loop.h"
#include "core/config/config.h"
#include "core/spawn/terminal.h"

struct start_options;

/* The last bytes that the console said. */
struct console_ring {
    char *bytes;   /* NULL: none configured */
    size_t size;   /* a power of two, from lxc.console.buffer.size */
    size_t start;  /* of the oldest byte */
    size_t length; /* bytes held */
};

struct console {
    struct loop *loop;     /* that watches what of it is open */
    struct terminal pty;   /* -1: the container has no console of ours (no rootfs, lxc.console.path = none) */
    struct terminal proxy; /* for a client: it gets the slave, we relay from and to the master */
    struct winsize proxy_size; /* as the client last set it */
    int input, output;         /* of the user, or of lxc.console.path; -1: none */
    bool owned;                /* `input` and `output` are one fd, ours to close (lxc.console.path) */
    bool raw;                  /* `input` is a terminal in raw mode, as it was in `saved` */
    struct termios saved;
    struct console_ring ring;
    int log;                  /* fd of lxc.console.logfile; -1: none */
    const char *log_path;     /* the config's */
    uint64_t log_size_bytes;  /* written so far */
    uint64_t log_limit_bytes; /* lxc.console.size; 0: none */
    bool log_rotate;          /* at the limit: keep the old one as FILE.1, else stop at the limit */
    bool log_kept;            /* not the config's, but the file that core/monitor/last_run.h describes */
};

#define CONSOLE_NONE                                                                                         \
    {                                                                                                        \
        .pty = TERMINAL_NONE, .proxy = TERMINAL_NONE, .input = -1, .output = -1, .log = -1                   \
    }

/* Will a container of this configuration get a console of ours? */
bool console_wanted(const struct config *c);

/*
 * Before a start: open the log, the ring and lxc.console.path; in the foreground use standard input and
 * output, for lxc-execute what of them is a terminal. `kept_path` (NULL: none) is the log where the
 * configuration names none; it must outlive the console. 0 or a negative errno with `err` filled.
 */
int console_open(struct console *c, struct loop *loop, const struct config *config,
                 const struct start_options *options, const char *kept_path, struct error *err);

/* The container's pty has come: relay from now on, which puts the user's terminal in raw mode. */
int console_connect(struct console *c, struct error *err);

/* Pass on all that the container has written by now. */
void console_catch_up(struct console *c);

/* The user's terminal has a new size. */
void console_window_size(struct console *c);

/* The container has ended: pass on what its pty still holds, put the user's terminal back, close all. */
void console_close(struct console *c);

/*
 * Lend the console to a client. Returns the fd to send (the console's) or -EBUSY, -EINVAL when there is no
 * console, or another negative errno. It is relayed from then on until console_release().
 */
int console_take(struct console *c, int connection);
void console_release(struct console *c, int connection);

/*
 * The ring buffer's contents, oldest first, at most `max` bytes (0: all), in memory the caller frees. 0,
 * -ENODATA when it is empty, -EFAULT when there is none, -ENOMEM.
 */
int console_ring_read(const struct console_ring *ring, size_t max, char **data, size_t *length);
void console_ring_clear(struct console_ring *ring);
/* Forget the oldest `length` bytes, which are there. */
void console_ring_drop(struct console_ring *ring, size_t length);
/* Append, dropping the oldest bytes where it is full. */
void console_ring_write(struct console_ring *ring, const char *bytes, size_t length);

#endif
