/* How a container's first process takes the signal that is to end it. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/run/init_signals.h"

#define BIT(signal) (UINT64_C(1) << ((signal)-1))

static void handle(int signal)
{
    (void)signal;
}

/* Blocks and waits for SIGUSR1 and SIGRTMIN+3, catches SIGUSR2, ignores SIGHUP; the last signal has no
 * action. */
static pid_t start_init(void)
{
    pid_t pid = fork();
    sigset_t set;

    if (pid != 0)
        return pid;
    signal(SIGUSR2, handle);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, 37);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (;;)
        (void)sigwaitinfo(&set, NULL);
}

static void what_is_waited_for_is_taken(void **state)
{
    const struct timespec pause = {0, 1000000};
    pid_t pid = start_init();
    struct init_signals s;

    (void)state;
    assert_true(pid > 0);
    /* Until it is in the call, in which SigBlk lacks the signals. */
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(init_signals_read(pid, &s), 0);
        if (s.certain && s.awaited & BIT(SIGUSR1) && s.caught)
            break;
        nanosleep(&pause, NULL);
    }
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    assert_int_equal(init_signals_read(pid, &s), 0);
    assert_true(s.certain);
    assert_false(s.first);
    assert_int_equal(init_signals_reaction(&s, SIGUSR1), SIGNAL_TAKEN);
    assert_int_equal(init_signals_reaction(&s, 37), SIGNAL_TAKEN);
    assert_int_equal(init_signals_reaction(&s, SIGUSR2), SIGNAL_TAKEN);
    assert_int_equal(init_signals_reaction(&s, SIGHUP), SIGNAL_IGNORED);
    assert_int_equal(init_signals_reaction(&s, SIGPWR), SIGNAL_TAKEN); /* by which it ends */
    s.first = true;
    assert_int_equal(init_signals_reaction(&s, SIGPWR), SIGNAL_IGNORED);
    assert_int_equal(init_signals_reaction(&s, SIGKILL), SIGNAL_TAKEN);
    s.certain = false;
    assert_int_equal(init_signals_reaction(&s, SIGPWR), SIGNAL_UNCERTAIN);
    s.awaited = 0;
    s.blocked = BIT(SIGUSR1);
    assert_int_equal(init_signals_reaction(&s, SIGUSR1), SIGNAL_HELD);
    assert_in_range(init_age_ms(pid), 0, 600000);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(init_signals_read(pid, &s), -ENOENT);
    assert_int_equal(init_age_ms(pid), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_waited_for_is_taken),
    };

    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
