#include "core/links/forward_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/daemon.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/links/forward_keeper_internal.h"

#define FDS_MAX   4096  /* listeners, and two for each container */
#define SETTLE_MS 20    /* changes within this time are handled together */
#define PAUSE_MS  200   /* between two passes: containers can cause them at any rate */
#define RETRY_MS  10000 /* after a failure; there is no event when a port becomes free */
#define ASK_MS    1000  /* until a monitor that did not answer is queried again */
#define RELOAD_MS 10000

/* --- The process --- */

static void keeper_look(void *data)
{
    struct forward_keeper *k = data;
    bool failed = forward_sync(k);

    k->looked_ms = clock_monotonic_ms();
    if (failed || k->ask_again)
        loop_timer_set(&k->loop, &k->look, k->ask_again ? ASK_MS : RETRY_MS, keeper_look, k);
}

void forward_keeper_changed(struct forward_keeper *k)
{
    int64_t now_ms = clock_monotonic_ms(), at_ms = now_ms + SETTLE_MS;

    if (at_ms < k->looked_ms + PAUSE_MS)
        at_ms = k->looked_ms + PAUSE_MS;
    if (!k->look.set || k->look.at_ms > at_ms)
        loop_timer_set(&k->loop, &k->look, at_ms - now_ms, keeper_look, k);
}

static void keeper_on_link(int fd, void *data)
{
    cleanup_strbuf struct strbuf events = STRBUF_INIT;
    struct forward_keeper *k = data;

    (void)fd;
    (void)netlink_events(&k->links, false, &events);
    forward_keeper_changed(k);
}

static void keeper_on_signal(const struct signalfd_siginfo *info, void *data)
{
    struct forward_keeper *k = data;

    if (info->ssi_signo == SIGHUP) {
        loop_timer_set(&k->loop, &k->look, 0, keeper_look, k);
    } else if (info->ssi_signo != SIGCHLD) {
        loop_stop(&k->loop);
    } else if (k->relay.pid && waitpid(k->relay.pid, NULL, WNOHANG) == k->relay.pid) {
        k->relay.pid = 0;
        forward_sync_relay(k);
    }
}

static int keeper_open(struct forward_keeper *k, struct error *err)
{
    sigset_t set;
    int r;

    k->lock = r = daemon_lock(FORWARD_PID_FILE, err);
    if (r >= 0)
        r = netlink_open(&k->links, NETLINK_ROUTE, -1, err);
    if (r == 0)
        r = netlink_subscribe(&k->links, RTNLGRP_LINK, err);
    if (r < 0)
        return r;
    forward_tables_open(&k->tables);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_SETMASK, &set, NULL);
    r = loop_open(&k->loop);
    if (r == 0)
        r = loop_signals(&k->loop, &set, keeper_on_signal, k);
    if (r == 0)
        r = loop_add(&k->loop, k->links.fd, keeper_on_link, k);
    return r < 0 ? error_set(err, r, "cannot wait for events") : 0;
}

static _Noreturn void keeper_main(const char *lxcpath, forward_init_pid *init_pid, int report)
{
    struct forward_keeper k = {.lxcpath = lxcpath,
                               .init_pid = init_pid,
                               .lock = -1,
                               .loop = LOOP_INIT,
                               .links = NETLINK_CLOSED,
                               .tables = {.netlink = NETLINK_CLOSED},
                               .relay = FORWARD_RELAY_NONE};
    struct rlimit fds = {FDS_MAX, FDS_MAX};
    struct error err = ERROR_INIT;
    int r, reported;

    daemon_leave_caller(report, false);
    setrlimit(RLIMIT_NOFILE, &fds);
    prctl(PR_SET_NAME, "lxc-forward");
    r = chdir("/") < 0 ? error_set(&err, errno, "cannot enter /") : keeper_open(&k, &err);
    if (r == 0)
        keeper_look(&k);
    reported = daemon_report(report, &err);
    if (r == 0) {
        r = reported == 0 ? loop_run(&k.loop) : reported;
        forward_sync_end(&k);
    }
    _exit(r < 0);
}

/* --- The callers --- */

int forward_keeper_start(const char *lxcpath, forward_init_pid *init_pid, struct error *err)
{
    cleanup_fd int reading = -1, writing = -1;
    int ends[2], r = make_directories("/run/lxc", 0755);
    pid_t pid;

    if (r < 0)
        return error_set(err, r, "cannot make /run/lxc");
    if (forward_keeper_find() > 0)
        return 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot start the process that keeps forwards");
    reading = ends[0];
    writing = ends[1];
    pid = fork();
    if (pid < 0)
        return error_set(err, errno, "cannot start the process that keeps forwards");
    if (pid == 0)
        keeper_main(lxcpath, init_pid, writing);
    close_fd(&writing);
    r = daemon_await(reading, pid, "the process that keeps forwards", err);
    return r < 0 ? r : 1;
}

pid_t forward_keeper_find(void)
{
    return daemon_find(FORWARD_PID_FILE);
}

int forward_keeper_stop(struct error *err)
{
    return daemon_stop(FORWARD_PID_FILE, "the process that keeps forwards", err);
}

/* --- Reports --- */

static bool report_parse(char *line, struct forward_entry *e, struct forward_report *out)
{
    char *fields[7];
    int protocol;

    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        fields[i] = strsep(&line, "\t");
        if (!fields[i])
            return false;
    }
    protocol = forward_parse_protocol(fields[0]);
    if (protocol < 0 || forward_parse_host(fields[1], &e->forward, NULL) < 0 ||
        forward_parse_port(fields[3], &e->forward.target_port) < 0)
        return false;
    e->forward.protocol = (uint8_t)protocol;
    e->container = fields[2];
    out->state = (enum forward_state)(fields[4][0] - '0');
    snprintf(out->target, sizeof(out->target), "%s", fields[5]);
    snprintf(out->reason, sizeof(out->reason), "%s", fields[6]);
    return out->state <= FORWARD_ACTIVE;
}

/*
 * Find a forward in the report of the process; `whole`: compare its container and target port too, else only
 * its port.
 */
static bool report_find(const struct forward_entry *e, bool whole, struct forward_report *out)
{
    cleanup_free char *text = NULL;
    char *rest, *line;

    *out = (struct forward_report){0};
    if (file_read(AT_FDCWD, FORWARD_STATE_FILE, 1 << 20, &text, NULL) < 0)
        return false;
    for (rest = text; (line = strsep(&rest, "\n"));) {
        struct forward_entry found = {0};

        if (report_parse(line, &found, out) && forward_same_host(&found.forward, &e->forward) &&
            (!whole || (strcmp(found.container, e->container) == 0 &&
                        found.forward.target_port == e->forward.target_port)))
            return true;
    }
    *out = (struct forward_report){0};
    return false;
}

void forward_keeper_report(const struct forward_entry *e, struct forward_report *out)
{
    *out = (struct forward_report){0};
    if (forward_keeper_find() > 0)
        (void)report_find(e, true, out);
}

int forward_keeper_reload(const struct forward_entry *e, bool gone, struct error *err)
{
    struct timespec pause = {.tv_nsec = 5000000};
    int64_t end_ms = clock_monotonic_ms() + RELOAD_MS;
    struct forward_report report;
    pid_t pid = forward_keeper_find();

    if (pid <= 0)
        return 0;
    if (kill(pid, SIGHUP) < 0 && errno != ESRCH)
        return error_set(err, errno, "cannot notify the process that keeps forwards (pid %d)", (int)pid);
    while (report_find(e, !gone, &report) == gone && forward_keeper_find() == pid) {
        if (clock_monotonic_ms() > end_ms) {
            error_text(err, ETIMEDOUT, "the process that keeps forwards (pid %d) does not answer", (int)pid);
            return error_remedy(err, "run \"lxc-net restart\"");
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}
