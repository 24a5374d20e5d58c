#include "core/base/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"

struct loop_source {
    struct loop_source *next;
    int fd;
    void (*function)(int fd, void *data);
    void *data;
};

int loop_open(struct loop *l)
{
    *l = (struct loop)LOOP_INIT;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    return l->epoll < 0 ? -errno : 0;
}

void loop_close(struct loop *l)
{
    while (l->sources) {
        struct loop_source *next = l->sources->next;

        free(l->sources);
        l->sources = next;
    }
    while (l->timers)
        loop_timer_clear(l, l->timers);
    close_fd(&l->signals);
    close_fd(&l->epoll);
}

int loop_add(struct loop *l, int fd, void (*function)(int fd, void *data), void *data)
{
    struct loop_source *s = malloc(sizeof(*s));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    int r;

    if (!s)
        return -ENOMEM;
    *s = (struct loop_source){l->sources, fd, function, data};
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        r = -errno;
        free(s);
        return r;
    }
    l->sources = s;
    return 0;
}

void loop_remove(struct loop *l, int fd)
{
    for (struct loop_source **at = &l->sources, *s; (s = *at); at = &s->next)
        if (s->fd == fd) {
            epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
            *at = s->next;
            free(s);
            return;
        }
}

void loop_timer_clear(struct loop *l, struct loop_timer *t)
{
    for (struct loop_timer **at = &l->timers; t->set && *at; at = &(*at)->next)
        if (*at == t) {
            *at = t->next;
            t->set = false;
            return;
        }
}

void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t delay_ms, void (*function)(void *data),
                    void *data)
{
    loop_timer_clear(l, t);
    *t = (struct loop_timer){l->timers, clock_monotonic_ms() + delay_ms, function, data, true};
    l->timers = t;
}

static void loop_read_signal(int fd, void *data)
{
    struct loop *l = data;
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) == sizeof(info))
        l->on_signal(&info, l->on_signal_data);
}

int loop_signals(struct loop *l, const sigset_t *set,
                 void (*function)(const struct signalfd_siginfo *info, void *data), void *data)
{
    l->signals = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (l->signals < 0)
        return -errno;
    l->on_signal = function;
    l->on_signal_data = data;
    return loop_add(l, l->signals, loop_read_signal, l);
}

/* The timer that is due first; NULL: none. */
static struct loop_timer *loop_next_timer(const struct loop *l)
{
    struct loop_timer *next = l->timers;

    for (struct loop_timer *t = next; t; t = t->next)
        if (t->at_ms < next->at_ms)
            next = t;
    return next;
}

static int loop_wait_ms(const struct loop_timer *t)
{
    int64_t left_ms = t ? t->at_ms - clock_monotonic_ms() : -1;

    if (!t)
        return -1;
    return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

/* Also while a fd is always readable, as that of a console whose container never stops writing. */
static void loop_run_timer(struct loop *l)
{
    struct loop_timer *t = loop_next_timer(l);

    if (!t || clock_monotonic_ms() < t->at_ms)
        return;
    loop_timer_clear(l, t);
    t->function(t->data);
}

int loop_run(struct loop *l)
{
    l->stopped = false;
    while (!l->stopped) {
        struct epoll_event event;
        int n = epoll_wait(l->epoll, &event, 1, loop_wait_ms(loop_next_timer(l)));

        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            struct loop_source *s = event.data.ptr;

            s->function(s->fd, s->data);
        }
        if (!l->stopped)
            loop_run_timer(l);
    }
    return 0;
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}
