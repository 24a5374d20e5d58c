#include "core/monitor/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/monitor/last_run.h"
#include "core/monitor/launch.h"
#include "core/command/monitord.h"
#include "core/base/signal.h"
#include "core/command/protocol.h"

#define SETTLE_MS       50
#define SETTLE_POLL_US  40
#define CONNECTIONS_MAX 256 /* of clients at one time */
#define ACCEPT_PAUSE_MS 1000

void monitor_note_state(struct monitor *m, enum container_state state)
{
    log_debug("monitor", "%s is %s", m->container->name, state_name((int)state));
    m->state = state == STATE_THAWED ? STATE_RUNNING : state;
    state_clients_notify(&m->state_clients, m->container->name, state);
}

void monitor_set_state(struct monitor *m, enum container_state state)
{
    monitor_note_state(m, state);
    monitord_notify(m->container, 0, (int)state);
}

void monitor_release(struct monitor *m, int connection)
{
    terminals_release(&m->init.ttys, connection);
    console_release(&m->console, connection);
    state_clients_drop(&m->state_clients, connection);
}

int monitor_signal(struct monitor *m, int signal)
{
    return m->init.pid ? signal_process(m->init.pidfd, m->init.pid, signal) : -ESRCH;
}

static void connection_serve(int connection, void *data)
{
    struct monitor *m = data;

    if (command_server_handle(m, connection) == COMMAND_KEEP)
        return;
    loop_remove(&m->loop, connection);
    monitor_release(m, connection);
    close(connection);
    m->connections--;
}

static void connection_accept(int listening, void *data);

static void connection_accept_again(void *data)
{
    struct monitor *m = data;

    if (loop_add(&m->loop, m->listening, connection_accept, m) < 0)
        loop_timer_set(&m->loop, &m->accept_again, ACCEPT_PAUSE_MS, connection_accept_again, m);
}

static void connection_accept(int listening, void *data)
{
    struct monitor *m = data;
    int connection = command_server_accept(listening, m->connections >= CONNECTIONS_MAX, &m->refused);

    /* The connection stays in the queue of the socket, which would be readable all the time. */
    if (connection == -EMFILE || connection == -ENFILE || connection == -ENOBUFS || connection == -ENOMEM) {
        loop_remove(&m->loop, listening);
        loop_timer_set(&m->loop, &m->accept_again, ACCEPT_PAUSE_MS, connection_accept_again, m);
    }
    if (connection < 0)
        return;
    if (loop_add(&m->loop, connection, connection_serve, m) < 0)
        close(connection);
    else
        m->connections++;
}

/* If init has ended, keep its status and end the loop. */
static void init_reap(struct monitor *m)
{
    int status;

    if (!m->init.pid || waitpid(m->init.pid, &status, WNOHANG) != m->init.pid)
        return;
    m->init.pid = 0;
    m->init_status = status;
    monitord_notify(m->container, MESSAGE_EXIT_STATUS, status);
    loop_stop(&m->loop);
}

/* Handle the signals that concern the monitor; forward the others to init. SIGHUP reports that the terminal
 * is gone: init is terminated. */
static void monitor_handle_signal(const struct signalfd_siginfo *info, void *data)
{
    struct monitor *m = data;

    if (info->ssi_signo == SIGCHLD)
        init_reap(m);
    else if (info->ssi_signo == SIGWINCH)
        console_window_size(&m->console);
    else if (info->ssi_signo != SIGPIPE) /* SIGPIPE is about a pipe of the monitor */
        (void)monitor_signal(m, info->ssi_signo == SIGHUP ? SIGTERM : (int)info->ssi_signo);
}

/* Run the event loop until init has ended. */
static int monitor_follow_init(struct monitor *m, struct error *err)
{
    int r = m->init.pid ? loop_run(&m->loop) : 0; /* init_settle() may have reaped it */

    return r < 0 ? error_set(err, r, "cannot wait for events") : 0;
}

/* Receive every signal as an event, except those that report a fault of the monitor itself: they keep their
 * default action. */
static int monitor_open_signals(struct monitor *m, sigset_t *before)
{
    sigset_t set;

    sigfillset(&set);
    sigdelset(&set, SIGSEGV);
    sigdelset(&set, SIGBUS);
    sigdelset(&set, SIGILL);
    sigdelset(&set, SIGFPE);
    sigdelset(&set, SIGABRT);
    sigdelset(&set, SIGSYS);
    sigdelset(&set, SIGTRAP);
    sigprocmask(SIG_BLOCK, &set, before);
    return loop_signals(&m->loop, &set, monitor_handle_signal, m);
}

/* End of file: the process at the other end has ended. */
static void lifeline_end(int fd, void *data)
{
    struct monitor *m = data;

    loop_remove(&m->loop, fd);
    m->killed = true;
    (void)monitor_signal(m, SIGKILL);
}

static int monitor_open_loop(struct monitor *m, sigset_t *before, struct error *err)
{
    int r;

    m->listening = command_server_listen(m->container, err);
    if (m->listening < 0)
        return m->listening;
    r = loop_open(&m->loop);
    if (r == 0)
        r = monitor_open_signals(m, before);
    if (r == 0)
        r = loop_add(&m->loop, m->listening, connection_accept, m);
    if (r == 0 && m->options->lifeline)
        r = loop_add(&m->loop, m->options->lifeline, lifeline_end, m);
    return r < 0 ? error_set(err, r, "cannot monitor it") : 0;
}

/* reboot(2) called in a pid namespace ends its init by SIGHUP for a restart, else by SIGINT: reboot(2). */
static bool init_wants_reboot(const struct monitor *m)
{
    return !m->killed && m->clone_flags & CLONE_NEWPID && WIFSIGNALED(m->init_status) &&
           WTERMSIG(m->init_status) == SIGHUP;
}

/* The exit status of init, which is that of lxc-execute and of lxc-start -F. An init that ends by SIGINT has
 * called reboot(2) to halt: see init_wants_reboot(). */
static int init_exit_status(const struct monitor *m)
{
    int status = m->init_status;

    if (m->clone_flags & CLONE_NEWPID && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
        return 0;
    return process_exit_status(status);
}

/* Whether a process has children: proc(5), /proc/PID/task/TID/children; no where the kernel does not have it.
 */
static bool init_has_children(pid_t pid)
{
    cleanup_free char *children = NULL;
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    return file_read(AT_FDCWD, path, 65536, &children, NULL) == 0 && children[0];
}

/*
 * Whether a process sleeps: 'S' in /proc/PID/stat, proc_pid_stat(5). With 'D' it may wait for a disk, or in
 * vfork(2) until its child has executed a program. `stat` is the open file.
 */
static bool init_sleeps(int stat, pid_t pid)
{
    char text[512];
    ssize_t n = pread(stat, text, sizeof(text) - 1, 0);
    const char *rest;

    text[n > 0 ? n : 0] = '\0';
    rest = strrchr(text, ')');
    return rest && (starts_with(rest, ") S") || (starts_with(rest, ") D") && init_has_children(pid)));
}

/*
 * An init that cannot run ends in its first moments; any other init soon sleeps. Wait until one of the two is
 * true, for at most SETTLE_MS. Returns the exit status of an init that has ended and not to reboot, else -1.
 */
static int init_settle(struct monitor *m)
{
    int64_t begin_us = clock_monotonic_us(), now_us = begin_us;
    cleanup_fd int stat = -1;
    int status = -1;
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)m->init.pid);
    stat = open(path, O_RDONLY | O_CLOEXEC);
    prctl(PR_SET_TIMERSLACK, 1); /* by default, a timer may be 50 us late */
    while (now_us - begin_us < SETTLE_MS * 1000) {
        struct pollfd ended = {.fd = m->init.pidfd, .events = POLLIN};
        struct timespec pause = {.tv_nsec = (long)(SETTLE_POLL_US + (now_us - begin_us) / 8) * 1000};

        init_reap(m);
        if (!m->init.pid && !init_wants_reboot(m))
            status = init_exit_status(m);
        if (!m->init.pid || init_sleeps(stat, m->init.pid))
            break;
        (void)ppoll(&ended, 1, &pause, NULL);
        now_us = clock_monotonic_us();
    }
    prctl(PR_SET_TIMERSLACK, 0); /* the default again: PR_SET_TIMERSLACK(2const) */
    return status;
}

/*
 * Report the start to lxc-start, and close what the monitor still shares with it: standard error becomes
 * /dev/null, like standard output. -EPIPE: lxc-start has ended meanwhile; its container must then not stay.
 */
static int start_report_send(struct monitor *m, int *report, struct error *err)
{
    struct start_report started = {.error = ERROR_INIT};
    int r;

    if (*report < 0)
        return 0;
    started.ended_status = init_settle(m);
    if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        return error_set(err, errno, "cannot leave the terminal");
    r = message_send(*report, &started, sizeof(started), false, NULL);
    close_fd(report);
    return r < 0 ? error_set(err, r, "the process that started it has ended") : 0;
}

/* Start the container and wait for its end, again after each reboot. Returns the last exit status. */
static int monitor_run_cycles(struct monitor *m, int *report, struct error *err)
{
    bool reboot;
    int r;

    do {
        r = launch(m, err);
        if (r < 0)
            return r;
        r = start_report_send(m, report, err);
        if (r == 0)
            r = monitor_follow_init(m, err);
        reboot = r == 0 && init_wants_reboot(m);
        teardown(m, reboot);
        if (r < 0)
            return r;
        if (reboot)
            log_info("monitor", "%s reboots", m->container->name);
    } while (reboot);
    return init_exit_status(m);
}

/* To be called after the command socket is bound: before, the file may belong to another monitor. */
static int pidfile_write(const char *path, struct error *err)
{
    char text[16];
    int r;

    if (!path)
        return 0;
    snprintf(text, sizeof(text), "%d", getpid());
    r = file_replace(AT_FDCWD, path, text, strlen(text), 0644);
    return r < 0 ? error_set(err, r, "cannot write the pid file %s", path) : 0;
}

int monitor_run(const struct container *c, struct config *config, const struct start_options *options,
                int (*ended)(const struct container *c, struct error *err), int *report, struct error *err)
{
    struct monitor m = MONITOR_INIT;
    sigset_t before;
    bool owner;
    int r;

    m.container = c;
    m.config = config;
    m.options = options;
    sigprocmask(SIG_SETMASK, NULL, &before);
    r = monitor_open_loop(&m, &before, err);
    owner = m.listening >= 0; /* else another monitor runs the container and owns its state */
    if (r == 0)
        r = pidfile_write(options->pidfile, err);
    if (r == 0)
        r = monitor_run_cycles(&m, report, err);
    if (r >= 0 && last_exit_write(c, r) < 0)
        log_warn("monitor", "cannot record the exit status of %s", c->name);
    if (owner && options->pidfile)
        unlink(options->pidfile);
    /* A client that is notified of the end may start the container again at once, which binds the socket. */
    close_fd(&m.listening);
    if (r >= 0 && ended) {
        int end = ended(c, err);

        r = end < 0 ? end : r;
    }
    if (owner)
        monitor_set_state(&m, STATE_STOPPED);
    free(m.kept_path);
    state_clients_free(&m.state_clients);
    close_fd(&m.refused);
    loop_close(&m.loop);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return r;
}
