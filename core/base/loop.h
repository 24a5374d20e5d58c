/*
 * An event loop: it waits for file descriptors, timers and signals, and calls the function that was added for
 * each. Events are handled one at a time: a function may remove any source, also its own, and close the fd.
 * Source: epoll(7), signalfd(2).
 */
#ifndef LXCBOX_CORE_BASE_LOOP_H
#define LXCBOX_CORE_BASE_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct loop_source; /* a watched fd, owned by the loop */
struct signalfd_siginfo;

/* Allocated by the caller, so that setting a timer cannot fail; it must not move while it is set. */
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
    struct loop_timer *timers; /* unsorted: there are few */
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

/* Remove every source and timer; the added fds stay open. No effect on a loop that is not open. */
void loop_close(struct loop *l);

/*
 * Call `function` whenever `fd` is readable or hung up. 0, -EPERM for an fd that cannot be waited for (a
 * regular file), or another negative errno.
 */
int loop_add(struct loop *l, int fd, void (*function)(int fd, void *data), void *data);

/* Stop watching an fd; to be called before the fd is closed. No effect on an fd that is not watched. */
void loop_remove(struct loop *l, int fd);

/* Call `function` once, `delay_ms` from now; a timer that is already set gets the new delay. */
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t delay_ms, void (*function)(void *data),
                    void *data);
void loop_timer_clear(struct loop *l, struct loop_timer *t);

/*
 * Call `function` for each signal of `set`, which the caller has blocked. At most one call for each loop. 0
 * or a negative errno.
 */
int loop_signals(struct loop *l, const sigset_t *set,
                 void (*function)(const struct signalfd_siginfo *info, void *data), void *data);

/* Wait for events and call their functions until loop_stop(). 0, or a negative errno if waiting fails. */
int loop_run(struct loop *l);

/* loop_run() returns after the function that calls loop_stop() has returned. */
void loop_stop(struct loop *l);

#endif
