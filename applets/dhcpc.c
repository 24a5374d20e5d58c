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
#include "core/base/signal.h"
#include "net/dhcp/dhcp_link.h"

struct dhcpc_options {
    const char *interface, *tries, *timeout, *pause, *pid_file, *wanted, *resolv_conf;
    struct string_list values;
    bool foreground, background, now, quit, once, release, without_id, quiet;
};

static const struct option_row dhcpc_table[] = {
    OPT_STRING('i', "interface", "IFACE", struct dhcpc_options, interface, "the interface (eth0)"),
    OPT_FLAG('f', "foreground", struct dhcpc_options, foreground, "stay in the foreground"),
    OPT_FLAG('b', "background", struct dhcpc_options, background,
             "go to the background even without a lease"),
    OPT_FLAG('n', "now", struct dhcpc_options, now, "exit with status 1 if no server answers"),
    OPT_FLAG('q', "quit", struct dhcpc_options, quit, "exit after obtaining a lease"),
    OPT_FLAG('1', "one-shot", struct dhcpc_options, once, "as -n and -q"),
    OPT_STRING('t', "retries", "N", struct dhcpc_options, tries, "DISCOVER messages per round (4)"),
    OPT_STRING('T', "timeout", "SECONDS", struct dhcpc_options, timeout,
               "wait after the first, doubled each time (1)"),
    OPT_STRING('A', "tryagain", "SECONDS", struct dhcpc_options, pause, "wait between rounds (20)"),
    OPT_STRING('r', "request", "ADDRESS", struct dhcpc_options, wanted, "the address to request"),
    OPT_LIST('x', NULL, "hostname:NAME", struct dhcpc_options, values, "the host name to send"),
    OPT_FLAG('C', "clientid-none", struct dhcpc_options, without_id, "send no client identifier"),
    OPT_FLAG('R', "release", struct dhcpc_options, release, "release the lease on exit"),
    OPT_STRING('p', "pidfile", "FILE", struct dhcpc_options, pid_file, "write the process id to FILE"),
    OPT_STRING(0, "resolv-conf", "FILE", struct dhcpc_options, resolv_conf,
               "file for name servers (/etc/resolv.conf), or none"),
    OPT_FLAG('S', "quiet", struct dhcpc_options, quiet, "do not print events"),
    OPT_END,
};

struct client {
    const char *applet, *interface;
    const struct dhcpc_options *options;
    struct dhcp_link link;
    int signals;
    bool detached;
};

static int dhcpc_read_number(const char *text, const char *option, uint64_t most, uint32_t *out,
                             struct error *err)
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

static int dhcpc_read_options(const struct dhcpc_options *o, struct dhcp_link_options *out, struct error *err)
{
    struct in_addr wanted;
    uint32_t seconds = 0, pause = 0;
    int r = dhcpc_read_number(o->tries, "-t", 1000, &out->tries, err);

    if (r == 0)
        r = dhcpc_read_number(o->timeout, "-T", 3600, &seconds, err);
    if (r == 0)
        r = dhcpc_read_number(o->pause, "-A", 86400, &pause, err);
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

static void dhcpc_print(const struct client *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void dhcpc_print(const struct client *c, const char *format, ...)
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

static int dhcpc_write_resolv_conf(const struct client *c, struct error *err)
{
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    const char *path = c->options->resolv_conf ? c->options->resolv_conf : "/etc/resolv.conf";
    cleanup_free char *real = realpath(path, NULL);
    int r = dhcp_link_resolv_conf(&c->link, &text);

    if (strcmp(path, "none") == 0 || (r == 0 && !text.length))
        return 0;
    if (r == 0)
        r = file_replace(AT_FDCWD, real ? real : path, text.text, text.length, 0644);
    /* The file is a mount point, which cannot be replaced by another file. */
    if (r == -EBUSY) {
        cleanup_fd int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

        r = fd < 0 ? -errno : write_all(fd, text.text, text.length);
    }
    return r < 0 ? error_set(err, r, "cannot write the name servers to %s", path) : 0;
}

static int dhcpc_write_pid(const struct client *c, struct error *err)
{
    char text[16];
    int r, length = snprintf(text, sizeof(text), "%d\n", (int)getpid());

    r = c->options->pid_file ? file_replace(AT_FDCWD, c->options->pid_file, text, (size_t)length, 0644) : 0;
    return r < 0 ? error_set(err, r, "cannot write %s", c->options->pid_file) : 0;
}

/* Continue as a child process; the parent exits after the child has written its process id. */
static int dhcpc_detach(struct client *c, struct error *err)
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
    r = dhcpc_write_pid(c, err);
    if (r < 0)
        return r;
    setsid();
    for (int fd = 0; fd <= 2; fd++)
        if (dup2(null, fd) < 0) {
            r = error_set(err, errno, "cannot go to the background");
            if (c->options->pid_file)
                unlink(c->options->pid_file);
            return r;
        }
    c->detached = true;
    return write_all(writing, "", 1);
}

static int dhcpc_on_bound(struct client *c, struct error *err)
{
    const struct dhcp_message *l = &c->link.client.lease;
    uint32_t a = l->your_address, s = l->server;
    int r = dhcp_link_apply(&c->link, err);

    if (r == 0)
        r = dhcpc_write_resolv_conf(c, err);
    if (r < 0)
        return r;
    dhcpc_print(c, "%u.%u.%u.%u/%d for %u s from %u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255,
                __builtin_popcount(l->netmask), l->lease_seconds, s >> 24, s >> 16 & 255, s >> 8 & 255,
                s & 255);
    return 0;
}

/* Returns 1: exit; 0: continue. */
static int dhcpc_on_event(struct client *c, enum dhcp_event event, struct error *err)
{
    const struct dhcpc_options *o = c->options;
    const char *carrier = c->link.running ? "" : " (it has no carrier)";
    int r = 0;

    if (event == DHCP_BOUND) {
        r = dhcpc_on_bound(c, err);
        if (r == 0 && (o->quit || o->once))
            return 1;
        if (r == 0 && !o->foreground && !c->detached)
            r = dhcpc_detach(c, err);
        /* A renewed lease that cannot be applied is retried at the next renewal. */
        return r < 0 && c->detached ? 0 : r;
    }
    if (event == DHCP_LOST || event == DHCP_TAKEN) {
        dhcpc_print(c, event == DHCP_LOST ? "the lease has ended"
                                          : "another host has the address that the server gave: declined");
        return dhcp_link_withdraw(&c->link, err);
    }
    if (event == DHCP_SILENT && (o->now || o->once) && !c->detached)
        return error_text(err, ETIMEDOUT, "no DHCP server answers on %s%s", c->interface, carrier);
    if (event == DHCP_SILENT) {
        dhcpc_print(c, "no DHCP server answers%s", carrier);
        if (o->background && !o->foreground && !c->detached)
            return dhcpc_detach(c, err);
    }
    return 0;
}

/* True: exit. */
static bool dhcpc_on_signal(struct client *c)
{
    struct signalfd_siginfo info;

    while (read(c->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGUSR1)
            return true;
        dhcp_link_renew(&c->link);
    }
    return false;
}

static int dhcpc_serve(struct client *c, struct error *err)
{
    for (;;) {
        struct pollfd fds[] = {{c->signals, POLLIN, 0}, {c->link.fd, POLLIN, 0}};
        int r = poll(fds, 2, dhcp_link_wait_ms(&c->link));

        if (r < 0 && errno != EINTR)
            return error_set(err, errno, "cannot wait for messages");
        if (r > 0 && fds[0].revents && dhcpc_on_signal(c))
            return 0;
        r = dhcpc_on_event(c, dhcp_link_run(&c->link), err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
}

static int dhcpc_open_signals(struct client *c, struct error *err)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, 0};

    c->signals = signal_receive(signals, SFD_NONBLOCK, NULL);
    return c->signals < 0 ? error_set(err, c->signals, "cannot wait for signals") : 0;
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
        close_others(NULL, 0); /* no fd of the caller stays open in the background */
    r = dhcpc_read_options(o, &link, err);
    if (r == 0)
        r = dhcpc_open_signals(&c, err);
    if (r == 0)
        r = dhcp_link_open(&c.link, -1, c.interface, &link, err);
    if (r == 0)
        r = dhcpc_write_pid(&c, err);
    if (r == 0)
        r = dhcpc_serve(&c, err);
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

APPLET(dhcpc, .name = "dhcpc", .summary = "Get an address for an interface by DHCP, and keep it",
       .usage = "[-i] [IFACE] [OPTION]...", .options = dhcpc_table,
       .options_size = sizeof(struct dhcpc_options), .run = dhcpc_run);
