#include "core/run/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/config/config.h"
#include "core/command/command_client.h"
#include "core/base/signal.h"

/* systemd(1), SIGRTMIN+3. The number that glibc gives it; other libcs reserve more signals for themselves. */
#define SIGNAL_SYSTEMD_HALT 37

#define READY_MS 1000

/* The signal that the running container's configuration, or --rcfile's, names; 0 when it names none. */
static int configured_signal(const struct container *c, const char *key, struct error *err)
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
    if (r == -ENOENT || r == -ENOTCONN) { /* a container that ends meanwhile needs no signal */
        error_clear(err);
        return 0;
    }
    if (r < 0)
        return r;
    return parse_int64(value, 10, 1, 64, &number) < 0 ? 0 : (int)number;
}

/* Which signals a process blocks or catches: proc_pid_status(5), bit N-1 for signal N. */
static uint64_t signals_of(int pid, bool caught)
{
    cleanup_free char *path = format_string("/proc/%d/status", pid);
    cleanup_free char *status = NULL;
    uint64_t mask = 0;

    if (!path || file_read(AT_FDCWD, path, 65536, &status, NULL) < 0)
        return 0;
    for (const char *line = status; (line = strstr(line, "\nSig")); line++)
        if (starts_with(line, "\nSigBlk:") || (caught && starts_with(line, "\nSigCgt:")))
            mask |= strtoull(line + strlen("\nSigBlk:"), NULL, 16);
    return mask;
}

static int halt_signal(int pid, int configured)
{
    if (configured)
        return configured;
    return signals_of(pid, false) >> (SIGNAL_SYSTEMD_HALT - 1) & 1 ? SIGNAL_SYSTEMD_HALT : SIGPWR;
}

/*
 * The first process of a pid namespace does not get a signal that it neither blocks nor catches
 * (pid_namespaces(7)), and an init that has just begun does neither yet. So it is given a moment, of which
 * nothing tells the end; one that never will be ready gets the signal all the same.
 */
static int wait_for_init(int pid, int configured, int *timeout_ms)
{
    const struct timespec pause = {0, 20000000};
    int signal = halt_signal(pid, configured);

    for (int waited_ms = 0; waited_ms < READY_MS && *timeout_ms != 0; waited_ms += 20) {
        if (signals_of(pid, true) >> (signal - 1) & 1)
            break;
        nanosleep(&pause, NULL);
        if (*timeout_ms > 0)
            *timeout_ms = *timeout_ms > 20 ? *timeout_ms - 20 : 1;
        signal = halt_signal(pid, configured);
    }
    return signal;
}

/* Through the pidfd where the monitor has one, so that the signal cannot reach a stranger. */
static int send_signal(const struct container *c, int pid, int signal, struct error *err)
{
    cleanup_fd int pidfd = command_init_pidfd(c, NULL);
    int r = signal_process(pidfd, pid, signal);

    return r < 0 && r != -ESRCH
               ? error_set(err, r, "cannot send signal %d to the first process of %s", signal, c->name)
               : 0;
}

/* Subscribe first, so that no state is missed, then signal, then wait. */
static int signal_and_wait(const struct container *c, int pid, int signal, enum container_state state,
                           bool next, int timeout_ms, struct error *err)
{
    cleanup_fd int subscription = -1;
    int r;

    if (timeout_ms != 0) {
        r = command_subscribe(c, 1u << state, next, &subscription, err);
        if (r != STATE_COUNT)
            return r < 0 ? r : 0;
    }
    r = send_signal(c, pid, signal, err);
    if (r < 0 || timeout_ms == 0)
        return r;
    r = command_wait(subscription, timeout_ms, err);
    if (r == -ETIMEDOUT)
        error_text(err, ETIMEDOUT, "%s did not come to the state %s within %d seconds of signal %d", c->name,
                   state_name((int)state), timeout_ms / 1000, signal);
    if (r >= 0 && r != (int)state)
        return error_text(err, ECANCELED, "%s stopped instead", c->name);
    return r < 0 ? r : 0;
}

int container_shutdown(const struct container *c, int timeout_ms, struct error *err)
{
    int pid = command_init_pid(c, err);
    int signal = pid < 0 ? pid : configured_signal(c, "lxc.signal.halt", err);

    if (signal < 0)
        return signal;
    signal = wait_for_init(pid, signal, &timeout_ms);
    return signal_and_wait(c, pid, signal, STATE_STOPPED, false, timeout_ms, err);
}

int container_reboot(const struct container *c, int timeout_ms, struct error *err)
{
    int pid = command_init_pid(c, err);
    int signal = pid < 0 ? pid : configured_signal(c, "lxc.signal.reboot", err);

    if (signal < 0)
        return signal;
    signal = wait_for_init(pid, signal ? signal : SIGINT, &timeout_ms);
    return signal_and_wait(c, pid, signal, STATE_RUNNING, true, timeout_ms, err);
}

int container_kill(const struct container *c, struct error *err)
{
    return command_stop(c, err);
}
