/* dhcpc: get an interface its address by DHCP, and keep it. See dhcpc.1. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "net/dhcp/dhcp_link.h"

struct dhcpc_options {
    const char *interface, *tries, *timeout, *pause, *pid_file, *wanted, *resolv_conf;
    struct string_list values;
    bool foreground, background, now, quit, once, release, without_id, quiet;
};

static const struct option_row dhcpc_table[] = {
    OPT_STRING('i', "interface", "IFACE", struct dhcpc_options, interface, "the interface (eth0)"),
    OPT_FLAG('f', "foreground", struct dhcpc_options, foreground, "stay in the foreground"),
    OPT_FLAG('b', "background", struct dhcpc_options, background, "go to the background without a lease too"),
    OPT_FLAG('n', "now", struct dhcpc_options, now, "exit with 1 when no server answers"),
    OPT_FLAG('q', "quit", struct dhcpc_options, quit, "exit once there is a lease"),
    OPT_FLAG('1', "one-shot", struct dhcpc_options, once, "as -n and -q"),
    OPT_STRING('t', "retries", "N", struct dhcpc_options, tries, "discovers of one round (4)"),
    OPT_STRING('T', "timeout", "SECONDS", struct dhcpc_options, timeout,
               "wait after the first, doubled each time (1)"),
    OPT_STRING('A', "tryagain", "SECONDS", struct dhcpc_options, pause, "wait between rounds (20)"),
    OPT_STRING('r', "request", "ADDRESS", struct dhcpc_options, wanted, "the address to ask for"),
    OPT_LIST('x', NULL, "hostname:NAME", struct dhcpc_options, values, "the name to tell the server"),
    OPT_FLAG('C', "clientid-none", struct dhcpc_options, without_id, "send no client identifier"),
    OPT_FLAG('R', "release", struct dhcpc_options, release, "give the lease back on exit"),
    OPT_STRING('p', "pidfile", "FILE", struct dhcpc_options, pid_file, "write the process id there"),
    OPT_STRING(0, "resolv-conf", "FILE", struct dhcpc_options, resolv_conf,
               "where name servers go (/etc/resolv.conf); none: nowhere"),
    OPT_FLAG('S', "quiet", struct dhcpc_options, quiet, "do not tell what happens"),
    OPT_END,
};

struct client {
    const char *applet, *interface;
    const struct dhcpc_options *options;
    struct dhcp_link link;
    int signals;
    bool detached;
};

static int read_number(const char *text, const char *option, uint64_t most, uint32_t *out, struct error *err)
{
    uint64_t value = 0;

    if (!text)
        return 0;
    if (parse_uint64(text, 10, most, &value) < 0 || value == 0)
        return error_text(err, EINVAL, "%s takes a number from 1 to %llu, not \"%s\"", option,
                          (unsigned long long)most, text);
    *out = (uint32_t)value;
    return 0;
}

static int read_options(const struct dhcpc_options *o, struct dhcp_link_options *out, struct error *err)
{
    struct in_addr wanted;
    uint32_t seconds = 0, pause = 0;
    int r = read_number(o->tries, "-t", 1000, &out->tries, err);

    if (r == 0)
        r = read_number(o->timeout, "-T", 3600, &seconds, err);
    if (r == 0)
        r = read_number(o->pause, "-A", 86400, &pause, err);
    if (r < 0)
        return r;
    out->try_ms = seconds * 1000;
    out->pause_ms = pause * 1000;
    out->without_id = o->without_id;
    if (o->wanted && inet_pton(AF_INET, o->wanted, &wanted) != 1)
        return error_text(err, EINVAL, "-r takes an IPv4 address, not \"%s\"", o->wanted);
    out->wanted = o->wanted ? ntohl(wanted.s_addr) : 0;
    for (size_t i = 0; i < o->values.count; i++) {
        if (!starts_with(o->values.items[i], "hostname:"))
            return error_text(err, EINVAL, "-x takes hostname:NAME, not \"%s\"", o->values.items[i]);
        out->host_name = o->values.items[i] + strlen("hostname:");
    }
    return 0;
}

static void tell(const struct client *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(const struct client *c, const char *format, ...)
{
    va_list args;

    if (c->options->quiet || c->detached)
        return;
    fprintf(stderr, "%s: %s: ", c->applet, c->interface);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static int write_resolv_conf(const struct client *c, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    const char *path = c->options->resolv_conf ? c->options->resolv_conf : "/etc/resolv.conf";
    cleanup_free char *real = realpath(path, NULL);
    int r = dhcp_link_resolv_conf(&c->link, &text);

    if (strcmp(path, "none") == 0 || (r == 0 && !text.length))
        return 0;
    if (r == 0)
        r = file_replace(AT_FDCWD, real ? real : path, text.text, text.length, 0644);
    /* Something is mounted there, which no other file can take the place of. */
    if (r == -EBUSY) {
        cleanup_fd int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

        r = fd < 0 ? -errno : write_all(fd, text.text, text.length);
    }
    return r < 0 ? error_set(err, r, "cannot write the name servers to %s", path) : 0;
}

static int write_pid(const struct client *c, struct error *err)
{
    char text[16];
    int r, length = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    r = c->options->pid_file ? file_replace(AT_FDCWD, c->options->pid_file, text, (size_t)length, 0644) : 0;
    return r < 0 ? error_set(err, r, "cannot write %s", c->options->pid_file) : 0;
}

/* Go on as a child; the parent ends once that has written its process id. */
static int detach(struct client *c, struct error *err)
{
    cleanup_fd int reading = -1, writing = -1, null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int ends[2], r;
    char done;
    pid_t pid;

    if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot go to the background");
    reading = ends[0];
    writing = ends[1];
    pid = fork();
    if (pid < 0)
        return error_set(err, errno, "cannot go to the background");
    if (pid > 0) {
        close_fd(&writing);
        _exit(read(reading, &done, 1) != 1);
    }
    r = write_pid(c, err);
    if (r < 0)
        return r;
    setsid();
    for (int fd = 0; fd <= 2; fd++)
        dup2(null, fd);
    c->detached = true;
    return write_all(writing, "", 1);
}

static int on_bound(struct client *c, struct error *err)
{
    const struct dhcp_message *l = &c->link.client.lease;
    uint32_t a = l->your_address, s = l->server;
    int r = dhcp_link_apply(&c->link, err);

    if (r == 0)
        r = write_resolv_conf(c, err);
    if (r < 0)
        return r;
    tell(c, "%u.%u.%u.%u/%d for %u s from %u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255,
         __builtin_popcount(l->netmask), l->lease_seconds, s >> 24, s >> 16 & 255, s >> 8 & 255, s & 255);
    return 0;
}

/* 1: it is over; 0: go on. */
static int on_event(struct client *c, enum dhcp_event event, struct error *err)
{
    const struct dhcpc_options *o = c->options;
    const char *carrier = c->link.running ? "" : " (it has no carrier)";
    int r = 0;

    if (event == DHCP_BOUND) {
        r = on_bound(c, err);
        if (r == 0 && (o->quit || o->once))
            return 1;
        if (r == 0 && !o->foreground && !c->detached)
            r = detach(c, err);
        /* A lease that cannot be applied once it is being kept is tried again when it is renewed. */
        return r < 0 && c->detached ? 0 : r;
    }
    if (event == DHCP_LOST || event == DHCP_TAKEN) {
        tell(c, event == DHCP_LOST ? "the lease has ended"
                                   : "another host has the address that the server gave: declined");
        return dhcp_link_withdraw(&c->link, err);
    }
    if (event == DHCP_SILENT && (o->now || o->once) && !c->detached)
        return error_text(err, ETIMEDOUT, "no DHCP server answers on %s%s", c->interface, carrier);
    if (event == DHCP_SILENT) {
        tell(c, "no DHCP server answers%s", carrier);
        if (o->background && !o->foreground && !c->detached)
            return detach(c, err);
    }
    return 0;
}

/* true: to end. */
static bool on_signal(struct client *c)
{
    struct signalfd_siginfo info;

    while (read(c->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGUSR1)
            return true;
        dhcp_link_renew(&c->link);
    }
    return false;
}

static int serve(struct client *c, struct error *err)
{
    for (;;) {
        struct pollfd fds[] = {{c->signals, POLLIN, 0}, {c->link.fd, POLLIN, 0}};
        int r = poll(fds, 2, dhcp_link_wait_ms(&c->link));

        if (r < 0 && errno != EINTR)
            return error_set(err, errno, "cannot wait for messages");
        if (r > 0 && fds[0].revents && on_signal(c))
            return 0;
        r = on_event(c, dhcp_link_run(&c->link), err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
}

static int open_signals(struct client *c, struct error *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return c->signals < 0 ? error_set(err, errno, "cannot wait for signals") : 0;
}

static int dhcpc_run(struct invocation *in, struct error *err)
{
    const struct dhcpc_options *o = in->options;
    struct dhcp_link_options link = {0};
    struct client c = {.applet = in->applet, .options = o, .link = DHCP_LINK_CLOSED, .signals = -1};
    int r;

    if (in->argc > 1 || (in->argc && o->interface))
        return error_text(err, EINVAL, "one interface at a time");
    c.interface = in->argc ? in->argv[0] : o->interface ? o->interface : "eth0";
    if (!o->foreground)
        close_others(NULL, 0); /* nothing of the caller's stays open in the background */
    r = read_options(o, &link, err);
    if (r == 0)
        r = open_signals(&c, err);
    if (r == 0)
        r = dhcp_link_open(&c.link, -1, c.interface, &link, err);
    if (r == 0)
        r = write_pid(&c, err);
    if (r == 0)
        r = serve(&c, err);
    if (o->release && c.link.client.lease.type) {
        int released = dhcp_link_release(&c.link, r < 0 ? NULL : err);

        r = r < 0 ? r : released;
    }
    if (o->pid_file && c.signals >= 0)
        unlink(o->pid_file);
    dhcp_link_close(&c.link);
    close_fd(&c.signals);
    return r;
}

APPLET(dhcpc, .name = "dhcpc", .summary = "Get an interface its address by DHCP, and keep it",
       .usage = "[-i] [IFACE] [OPTION]...", .options = dhcpc_table,
       .options_size = sizeof(struct dhcpc_options), .run = dhcpc_run);
