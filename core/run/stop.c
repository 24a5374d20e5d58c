#include "core/run/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/config/config.h"
#include "core/base/signal.h"
#include "core/command/command_client.h"
#include "core/run/freeze.h"
#include "core/run/init.h"
#include "core/run/init_signals.h"

/* systemd(1), SIGRTMIN+3. This is its number with glibc; other C libraries reserve more real-time signals. */
#define SIGNAL_SYSTEMD_HALT 37

#define READY_MS 1000
#define POLL_MS  20
#define POLLS    5    /* that find the signal ignored */
#define HELD     3    /* consecutive ones that find it blocked: more than a fork(2) takes */
#define SLOW_MS  3000 /* a wait beyond this is reported */

/* The signal set in the running container's configuration, or in the file of --rcfile; 0 when not set. */
static int stop_configured_signal(const struct container *c, const char *key, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    cleanup_config struct config config;
    cleanup_free char *value = NULL;
    int64_t number;
    int r;

    config_init(&config);
    if (c->rcfile) {
        r = config_read_file(&config, c->rcfile, err);
        if (r < 0)
            return r;
        if (config_get_item(&config, key, &text) < 0 ||
            parse_int64(strbuf_text(&text), 10, 1, 64, &number) < 0)
            return 0;
        return (int)number;
    }
    r = command_config_item(c, key, &value, err);
    if (r == -ENOENT || r == -ENOTCONN) { /* a container that has stopped meanwhile needs no signal */
        error_clear(err);
        return 0;
    }
    if (r < 0)
        return r;
    return parse_int64(value, 10, 1, 64, &number) < 0 ? 0 : (int)number;
}

/* An init that reads SIGRTMIN+3 from a signalfd blocks that signal. */
static int stop_halt_signal(const struct init_signals *s, int configured)
{
    if (configured)
        return configured;
    return (s->blocked | s->awaited) >> (SIGNAL_SYSTEMD_HALT - 1) & 1 ? SIGNAL_SYSTEMD_HALT : SIGPWR;
}

/*
 * An init that has just started ignores the signal at first, and nothing reports when it is ready: poll for
 * up to READY_MS. An older init that ignores the signal in POLLS polls will never accept it.
 * Returns the signal; -ETIMEDOUT with `err` filled where the signal would be lost.
 */
static int stop_wait_for_init(const struct container *c, int pid, int configured, int *timeout_ms,
                              struct error *err)
{
    const struct timespec pause = {0, POLL_MS * 1000000};
    struct init_signals s = {0};
    int signal, ignored = 0, held = 0, r = init_signals_read(pid, &s);

    for (int waited_ms = 0;; waited_ms += POLL_MS) {
        enum signal_reaction reaction;

        signal = stop_halt_signal(&s, configured);
        reaction = r < 0 ? SIGNAL_UNCERTAIN : init_signals_reaction(&s, signal);
        ignored += reaction == SIGNAL_IGNORED;
        held = reaction == SIGNAL_HELD ? held + 1 : 0;
        if (reaction == SIGNAL_TAKEN || held >= HELD || *timeout_ms == 0 || waited_ms >= READY_MS)
            break;
        if (ignored >= POLLS && init_age_ms(pid) >= READY_MS)
            break;
        nanosleep(&pause, NULL);
        if (*timeout_ms > 0)
            *timeout_ms = *timeout_ms > POLL_MS ? *timeout_ms - POLL_MS : 1;
        r = init_signals_read(pid, &s);
    }
    if (ignored < POLLS)
        return signal;
    error_text(err, ETIMEDOUT, "the first process of %s ignores signal %d", c->name, signal);
    return error_remedy(err, "set lxc.signal.halt and lxc.signal.reboot to signals that it handles");
}

/* By the pidfd where the monitor has one, so that the signal cannot reach another process. */
static int stop_send_signal(const struct container *c, int signal, struct error *err)
{
    pid_t pid = -1;
    cleanup_fd int pidfd = -1, proc = -1;
    int r;

    proc = init_open(c, &pid, &pidfd, err);
    if (proc == -ENOTCONN) {
        error_clear(err);
        return 0;
    }
    r = proc < 0 ? proc : signal_process(pidfd, pid, signal);
    if (proc < 0 || r == 0 || r == -ESRCH)
        return proc < 0 ? r : 0;
    return error_set(err, r, "cannot send signal %d to the first process of %s", signal, c->name);
}

static void stop_report_line(stop_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void stop_report_line(stop_report *report, const char *format, ...)
{
    char line[256];
    va_list args;

    if (!report)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    report(line);
}

/*
 * The monitor of a container with lxc.ephemeral has closed its command socket before it removes the files,
 * and notifies of the end after that. There is nothing to kill then: wait for the removal, however long it
 * takes.
 */
static int stop_wait_for_removal(const struct container *c, int subscription, stop_report *report,
                                 struct error *err)
{
    if (command_state(c, NULL) != STATE_STOPPED)
        return -ETIMEDOUT;
    error_clear(err);
    stop_report_line(report, "%s has stopped: waiting until its files are removed", c->name);
    return command_wait(subscription, -1, err);
}

/* Wait for the state; a wait longer than SLOW_MS is reported. */
static int stop_wait_for_state(const struct container *c, int subscription, int timeout_ms,
                               stop_report *report, struct error *err)
{
    bool slow = timeout_ms < 0 || timeout_ms > SLOW_MS;
    int r = command_wait(subscription, slow ? SLOW_MS : timeout_ms, err);

    if (r != -ETIMEDOUT || !slow)
        return r;
    error_clear(err);
    if (timeout_ms < 0)
        stop_report_line(report, "%s has not finished yet: waiting without limit", c->name);
    else
        stop_report_line(report, "%s has not finished yet: waiting for another %d seconds", c->name,
                         (timeout_ms - SLOW_MS + 999) / 1000);
    return command_wait(subscription, timeout_ms < 0 ? -1 : timeout_ms - SLOW_MS, err);
}

/* A signal that is pending for a frozen process is delivered when the process is thawed. */
static int stop_thaw(const struct container *c, stop_report *report, struct error *err)
{
    int state = command_state(c, NULL);

    if (state != STATE_FROZEN && state != STATE_FREEZING)
        return 0;
    stop_report_line(report, "%s is frozen: thawing it, so that it can handle the signal", c->name);
    return container_freeze(c, false, err);
}

/* Subscribe first, so that no state is missed, then signal, then wait. */
static int stop_signal_and_wait(const struct container *c, int signal, enum container_state state,
                                int timeout_ms, stop_report *report, struct error *err)
{
    cleanup_fd int subscription = -1;
    int r;

    if (timeout_ms != 0) {
        r = command_subscribe(c, 1u << state, state == STATE_RUNNING, &subscription, err);
        if (r != STATE_COUNT)
            return r < 0 ? r : 0;
    }
    r = stop_send_signal(c, signal, err);
    if (r == 0)
        r = stop_thaw(c, report, err);
    if (r < 0 || timeout_ms == 0)
        return r;
    r = stop_wait_for_state(c, subscription, timeout_ms, report, err);
    if (r == -ETIMEDOUT)
        r = stop_wait_for_removal(c, subscription, report, err);
    if (r == -ETIMEDOUT)
        error_text(err, ETIMEDOUT, "%s did not reach the state %s within %d seconds after signal %d", c->name,
                   state_name((int)state), timeout_ms / 1000, signal);
    if (r >= 0 && r != (int)state)
        return error_text(err, ECANCELED, "%s stopped instead", c->name);
    return r < 0 ? r : 0;
}

int container_shutdown(const struct container *c, int timeout_ms, stop_report *report, struct error *err)
{
    int pid = init_pid(c, err);
    int signal = pid < 0 ? pid : stop_configured_signal(c, "lxc.signal.halt", err);

    if (signal >= 0)
        signal = stop_wait_for_init(c, pid, signal, &timeout_ms, err);
    if (signal < 0)
        return signal;
    return stop_signal_and_wait(c, signal, STATE_STOPPED, timeout_ms, report, err);
}

int container_reboot(const struct container *c, int timeout_ms, stop_report *report, struct error *err)
{
    int pid = init_pid(c, err);
    int signal = pid < 0 ? pid : stop_configured_signal(c, "lxc.signal.reboot", err);

    if (signal >= 0)
        signal = stop_wait_for_init(c, pid, signal ? signal : SIGINT, &timeout_ms, err);
    if (signal < 0)
        return signal;
    return stop_signal_and_wait(c, signal, STATE_RUNNING, timeout_ms, report, err);
}

int container_kill(const struct container *c, struct error *err)
{
    int r = command_stop(c, err);

    if (r != -ENOTCONN)
        return r;
    error_clear(err);
    return 0;
}
