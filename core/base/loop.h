/*
 * An event loop: it waits for file descriptors, points in time and signals, and calls the function that was
 * added for each. One event at a time: a function may remove any source, its own too, and close its fd.
 * Source: epoll(7), signalfd(2).
 */
#ifndef LXCBOX_CORE_BASE_LOOP_H
#define LXCBOX_CORE_BASE_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct loop_source; /* a watched fd, owned by the loop */
struct signalfd_siginfo;

/* The caller's, so that setting one cannot fail; it must not move while it is set. */
struct loop_timer {
    struct loop_timer *next;
    int64_t at_ms; /* by clock_monotonic_ms() */
    void (*function)(void *data);
    void *data;
    bool set;
};

struct loop {
    int epoll; /* -1: not open */
    struct loop_source *sources;
    struct loop_timer *timers; /* in no order: there are few */
    int signals;               /* signalfd; -1: none */
    void (*on_signal)(const struct signalfd_siginfo *info, void *data);
    void *on_signal_data;
    bool stopped;
};

#define LOOP_INIT                                                                                            \
    {                                                                                                        \
        .epoll = -1, .signals = -1                                                                           \
    }
#define cleanup_loop __attribute__((cleanup(loop_close)))

/* 0 or a negative errno. */
int loop_open(struct loop *l);

/* Removes every source and timer; closes none of the added fds. Harmless on one that is not open. */
void loop_close(struct loop *l);

/*
 * Call `function` whenever `fd` is readable or hung up. 0, -EPERM for an fd that cannot be waited for (a
 * file's), or another negative errno.
 */
int loop_add(struct loop *l, int fd, void (*function)(int fd, void *data), void *data);

/* Stop watching, before the fd is closed. Harmless where it is not watched. */
void loop_remove(struct loop *l, int fd);

/* Call `function` once, `delay_ms` from now; a timer that is set already is set anew. */
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t delay_ms, void (*function)(void *data),
                    void *data);
void loop_timer_clear(struct loop *l, struct loop_timer *t);

/* Call `function` for each signal of `set`, which the caller has blocked. Once for a loop. 0 or a negative
 * errno. */
int loop_signals(struct loop *l, const sigset_t *set,
                 void (*function)(const struct signalfd_siginfo *info, void *data), void *data);

/* Wait and call until loop_stop(). 0 or a negative errno where waiting fails. */
int loop_run(struct loop *l);

/* loop_run() returns once the function that calls this has returned. */
void loop_stop(struct loop *l);

#endif
