/* The event loop. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/loop.h"

struct seen {
    struct loop *loop;
    int other; /* an fd that the function removes and closes; -1: none */
    unsigned reads, timers, signals;
};

static void on_read(int fd, void *data)
{
    struct seen *s = data;
    char byte;

    s->reads += read(fd, &byte, 1) == 1;
    if (s->other >= 0) {
        loop_remove(s->loop, s->other);
        close_fd(&s->other);
    }
}

static void on_timer(void *data)
{
    struct seen *s = data;

    s->timers++;
    loop_stop(s->loop);
}

static void on_signal(const struct signalfd_siginfo *info, void *data)
{
    struct seen *s = data;

    s->signals += info->ssi_signo == SIGUSR1;
    loop_stop(s->loop);
}

/* The byte stays: the fd is readable all the time. */
static void on_peek(int fd, void *data)
{
    struct seen *s = data;

    (void)fd;
    if (++s->reads == 1000000)
        loop_stop(s->loop);
}

static void a_timer_is_due_while_an_fd_is_always_readable(void **state)
{
    cleanup_loop struct loop l = LOOP_INIT;
    struct seen seen = {.loop = &l, .other = -1};
    struct loop_timer timer = {.set = false};
    int fds[2];

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(loop_add(&l, fds[0], on_peek, &seen), 0);
    loop_timer_set(&l, &timer, 20, on_timer, &seen);
    assert_int_equal(loop_run(&l), 0);
    assert_int_equal(seen.timers, 1);
    close(fds[0]);
    close(fds[1]);
}

static void a_readable_fd_calls_its_function(void **state)
{
    cleanup_loop struct loop l = LOOP_INIT;
    struct seen seen = {.loop = &l, .other = -1};
    struct loop_timer timer = {.set = false};
    int fds[2];

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(loop_add(&l, fds[0], on_read, &seen), 0);
    assert_int_equal(write(fds[1], "ab", 2), 2);
    loop_timer_set(&l, &timer, 20, on_timer, &seen);
    assert_int_equal(loop_run(&l), 0);
    assert_int_equal(seen.reads, 2);
    assert_int_equal(seen.timers, 1);
    close(fds[0]);
    close(fds[1]);
}

static void a_source_removed_by_another_is_not_called(void **state)
{
    cleanup_loop struct loop l = LOOP_INIT;
    struct seen seen = {.loop = &l}, victim = {.loop = &l, .other = -1};
    struct loop_timer timer = {.set = false};
    int first[2], second[2];

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    assert_int_equal(pipe2(first, O_CLOEXEC), 0);
    assert_int_equal(pipe2(second, O_CLOEXEC), 0);
    assert_int_equal(write(first[1], "a", 1), 1);
    assert_int_equal(loop_add(&l, first[0], on_read, &seen), 0);
    assert_int_equal(loop_add(&l, second[0], on_read, &victim), 0);
    seen.other = second[0];
    loop_timer_set(&l, &timer, 20, on_timer, &seen);
    assert_int_equal(loop_run(&l), 0);
    assert_int_equal(seen.reads, 1);
    assert_int_equal(victim.reads, 0);
    close(first[0]);
    close(first[1]);
    close(second[1]);
}

static void the_earliest_timer_comes_first_and_a_cleared_one_never(void **state)
{
    cleanup_loop struct loop l = LOOP_INIT;
    struct seen late = {.loop = &l, .other = -1}, early = late, never = late;
    struct loop_timer timers[3] = {{.set = false}};
    int64_t before = clock_monotonic_ms();

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    loop_timer_set(&l, &timers[0], 100000, on_timer, &late);
    loop_timer_set(&l, &timers[1], 10, on_timer, &early);
    loop_timer_set(&l, &timers[2], 1, on_timer, &never);
    loop_timer_clear(&l, &timers[2]);
    assert_int_equal(loop_run(&l), 0);
    assert_int_equal(early.timers, 1);
    assert_int_equal(late.timers + never.timers, 0);
    assert_true(clock_monotonic_ms() - before >= 10);
    assert_true(timers[0].set);
    loop_timer_set(&l, &timers[0], 0, on_timer, &late);
    assert_int_equal(loop_run(&l), 0);
    assert_int_equal(late.timers, 1);
}

static void a_signal_calls_its_function(void **state)
{
    cleanup_loop struct loop l = LOOP_INIT;
    struct seen seen = {.loop = &l, .other = -1};
    sigset_t set, before;

    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &before);
    assert_int_equal(loop_open(&l), 0);
    assert_int_equal(loop_signals(&l, &set, on_signal, &seen), 0);
    kill(getpid(), SIGUSR1);
    assert_int_equal(loop_run(&l), 0);
    assert_int_equal(seen.signals, 1);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void a_file_cannot_be_waited_for(void **state)
{
    cleanup_loop struct loop l = LOOP_INIT;
    cleanup_fd int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(loop_open(&l), 0);
    assert_int_equal(loop_add(&l, file, on_read, NULL), -EPERM);
    loop_remove(&l, file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_is_due_while_an_fd_is_always_readable),
        cmocka_unit_test(a_readable_fd_calls_its_function),
        cmocka_unit_test(a_source_removed_by_another_is_not_called),
        cmocka_unit_test(the_earliest_timer_comes_first_and_a_cleared_one_never),
        cmocka_unit_test(a_signal_calls_its_function),
        cmocka_unit_test(a_file_cannot_be_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
