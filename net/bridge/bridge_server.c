#include "net/bridge/bridge_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/daemon.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/signal.h"
#include "net/bridge/bridge_internal.h"
#include "net/link/link.h"
#include "net/dns/port_owner.h"
#include "net/dhcp/udp_packet.h"

#define FDS_MAX 8192 /* one for each port, and those of pending questions */

/* --- Opening --- */

/* Report which process uses a port that is not available. */
static int server_name_owner(const struct bridge_settings *s, bool tcp, unsigned port, struct error *err)
{
    struct in_addr address = {htonl(s->address)};
    char owner[80], refused[sizeof(err->text)];

    if (!port_owner(tcp, address, port, owner, sizeof(owner)))
        return error_remedy(err, "stop the program that serves it on this host");
    snprintf(refused, sizeof(refused), "%s", err->text);
    error_text(err, EADDRINUSE, "%s by %s", refused, owner);
    if (starts_with(owner, "dnsmasq "))
        return error_remedy(err,
                            "stop it, or put \"bind-interfaces\" and \"except-interface=%s\" into its "
                            "configuration and restart it",
                            s->bridge);
    return error_remedy(err, "stop it, or configure it not to serve %s", s->bridge);
}

/* Have the kernel discard what a socket receives: messages are read where they come in, at the ports. The
 * socket shows other servers that the port is in use. */
static int server_discard(int fd)
{
    struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {1, &none};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int server_open_dhcp(struct bridge_server *s, struct error *err)
{
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(DHCP_SERVER_PORT)};
    const char *bridge = s->settings->bridge;
    int on = 1;

    s->dhcp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A DHCP server for other links can share the port if it sets SO_REUSEADDR, as dnsmasq with
     * bind-interfaces does, in either order of start: SO_BINDTODEVICE gives this socket the messages from the
     * bridge. */
    if (s->dhcp < 0 || setsockopt(s->dhcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(s->dhcp, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ||
        setsockopt(s->dhcp, SOL_SOCKET, SO_BINDTODEVICE, bridge, (socklen_t)strlen(bridge)) < 0 ||
        setsockopt(s->dhcp, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) < 0 ||
        bind(s->dhcp, (struct sockaddr *)&self, sizeof(self)) < 0) {
        error_set(err, errno, "cannot serve DHCP on port 67/udp of %s", bridge);
        return err->code == -EADDRINUSE ? server_name_owner(s->settings, false, DHCP_SERVER_PORT, err)
                                        : err->code;
    }
    if (server_discard(s->dhcp) < 0)
        return error_set(err, errno, "cannot serve DHCP on %s", bridge);
    s->packets = udp_packet_open(-1, s->index, 0);
    return s->packets < 0 ? error_set(err, s->packets, "cannot send DHCP on %s", bridge) : 0;
}

void bridge_server_use(struct bridge_server *s)
{
    s->dhcp_server.hosts = s->hosts.hosts;
    s->dhcp_server.host_count = s->hosts.count;
    s->dhcp_server.options = s->hosts.options;
    s->dhcp_server.option_count = s->hosts.option_count;
}

static int server_open_leases(struct bridge_server *s, struct error *err)
{
    const struct bridge_settings *c = s->settings;
    cleanup_free char *path = format_string(BRIDGE_LEASES, c->bridge);
    struct dhcp_server *d = &s->dhcp_server;
    char self[HOST_NAME_MAX + 1] = "";
    int r = bridge_hosts_read(c->dhcp_file, c->address, &s->hosts, err);

    if (r < 0)
        return r;
    if (!path)
        return error_set(err, ENOMEM, "cannot open the leases");
    *d = (struct dhcp_server){.address = c->address,
                              .netmask = c->netmask,
                              .lease_seconds = c->lease_seconds,
                              .max_leases = c->max_leases};
    bridge_server_use(s);
    d->ports = (struct dhcp_ports){.exists = bridge_ports_exists,
                                   .owned = bridge_ports_owned,
                                   .context = &s->ports,
                                   .max_leases = c->port_leases};
    if (gethostname(self, sizeof(self) - 1) == 0)
        dhcp_host_name(self, strlen(self), d->ports.self);
    strcpy(d->domain, c->domain);
    lease_table_init(&d->leases, c->first, c->last);
    d->leases.least = c->address & c->netmask;
    d->leases.most = c->address | ~c->netmask;
    return lease_journal_open(&s->journal, path, &d->leases, time(NULL), DHCP_FOREVER, err);
}

static int server_open_dns(struct bridge_server *s, struct error *err)
{
    const struct bridge_settings *c = s->settings;
    struct in_addr address = {htonl(c->address)};
    int r = dns_forwarder_open(&s->dns, &address, c->ipv6 ? &c->address6 : NULL, "/etc/resolv.conf",
                               bridge_names_lookup, s, err);

    return r == -EADDRINUSE ? server_name_owner(c, strstr(err->text, "/tcp") != NULL, DNS_PORT, err) : r;
}

static int server_open_ipv6(struct bridge_server *s, const struct link *bridge, struct error *err)
{
    const struct bridge_settings *c = s->settings;

    if (!c->ipv6)
        return 0;
    s->advertisement = (struct radv){
        .prefix = c->address6, .prefix_length = c->length6, .dns = c->address6, .domain = c->domain};
    s->dhcpv6_server = (struct dhcpv6){.dns = c->address6, .domain = c->domain};
    memcpy(s->advertisement.hardware, bridge->address, 6);
    memcpy(s->dhcpv6_server.hardware, bridge->address, 6);
    s->radv = radv_open(s->index, c->bridge, err);
    if (s->radv < 0)
        return s->radv;
    s->dhcpv6 = dhcpv6_open(s->index, c->bridge, err);
    return s->dhcpv6 < 0 ? s->dhcpv6 : 0;
}

static int server_open_signals(struct bridge_server *s, struct error *err)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, 0};

    s->signals = signal_receive(signals, SFD_NONBLOCK, NULL);
    return s->signals < 0 ? error_set(err, s->signals, "cannot wait for signals") : 0;
}

static int server_open(struct bridge_server *s, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct link bridge = {0};
    int r = s->lock = daemon_lock(BRIDGE_PID_FILE, err);

    if (r >= 0)
        r = netlink_open(&n, NETLINK_ROUTE, -1, err);
    if (r == 0)
        r = link_find(&n, 0, s->settings->bridge, &bridge, err);
    s->index = bridge.index;
    if (r == 0)
        r = server_open_dhcp(s, err);
    if (r == 0)
        r = server_open_dns(s, err);
    if (r == 0)
        r = server_open_ipv6(s, &bridge, err);
    if (r == 0)
        r = server_open_leases(s, err);
    if (r == 0)
        r = bridge_ports_open(&s->ports, s->index, err);
    s->dns.source = bridge_ports_source;
    s->dns.source_context = &s->ports;
    return r == 0 ? server_open_signals(s, err) : r;
}

static struct bridge_server *server_new(const struct bridge_settings *settings)
{
    struct bridge_server *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->settings = settings;
    s->lock = s->signals = s->dhcp = s->packets = s->radv = s->dhcpv6 = -1;
    s->journal = (struct lease_journal)LEASE_JOURNAL_CLOSED;
    for (int i = 0; i < DNS_LISTENERS; i++)
        s->dns.listeners[i] = -1;
    for (int i = 0; i < DNS_QUERIES; i++)
        s->dns.queries[i].fd = -1;
    for (int i = 0; i < DNS_STREAMS; i++)
        s->dns.streams[i].fd = s->dns.streams[i].upstream = -1;
    s->dns.poll = -1;
    s->ports = (struct bridge_ports)BRIDGE_PORTS_CLOSED;
    return s;
}

/* --- Running --- */

static _Noreturn void server_run_daemon(const struct bridge_settings *settings, int report_fd,
                                        bool foreground)
{
    struct bridge_server *s = server_new(settings);
    struct error err = ERROR_INIT;
    int r;

    daemon_leave_caller(report_fd, foreground);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){FDS_MAX, FDS_MAX}); /* a lower limit serves fewer ports */
    r = s ? server_open(s, &err) : error_set(&err, ENOMEM, "cannot start");
    if (r == 0) /* input from now on is written by containers */
        r = daemon_become_nobody(&err);
    if (daemon_report(report_fd, &err) < 0)
        _exit(1);
    if (r == 0)
        bridge_serve(s);
    _exit(r < 0);
}

/* Wait for the server, which is a child of this process, and pass signals on to it. */
static int server_wait(pid_t pid, int signals, struct error *err)
{
    for (;;) {
        struct signalfd_siginfo info;
        int status;

        if (read(signals, &info, sizeof(info)) != sizeof(info))
            continue;
        if (info.ssi_signo != SIGCHLD)
            kill(pid, (int)info.ssi_signo);
        else if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status)
                       ? 0
                       : error_text(err, EIO, "the server of the bridge was killed by signal %d",
                                    WTERMSIG(status));
    }
}

/* The signals that the process in the foreground waits for, blocked before the child is created. */
static int server_open_foreground(struct error *err)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, 0};
    int fd = signal_receive(signals, 0, NULL);

    return fd < 0 ? error_set(err, fd, "cannot wait for signals") : fd;
}

int bridge_server_start(const struct bridge_settings *settings, bool foreground, struct error *err)
{
    cleanup_fd int reading = -1, writing = -1, signals = foreground ? server_open_foreground(err) : -1;
    int ends[2], r;
    pid_t pid;

    if (foreground && signals < 0)
        return signals;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(err, errno, "cannot start the server of the bridge");
    reading = ends[0];
    writing = ends[1];
    pid = fork();
    if (pid < 0)
        return error_set(err, errno, "cannot start the server of the bridge");
    if (pid == 0)
        server_run_daemon(settings, writing, foreground);
    close_fd(&writing);
    r = daemon_await(reading, pid, "the server of the bridge", err);
    if (r < 0 || !foreground)
        return r;
    return server_wait(pid, signals, err);
}

pid_t bridge_server_find(void)
{
    return daemon_find(BRIDGE_PID_FILE);
}

int bridge_server_stop(struct error *err)
{
    return daemon_stop(BRIDGE_PID_FILE, "the server of the bridge", err);
}

void bridge_leases_read(const struct bridge_settings *s, struct lease_table *out)
{
    cleanup_free char *path = format_string(BRIDGE_LEASES, s->bridge);

    lease_table_init(out, 0, UINT32_MAX);
    if (path)
        lease_journal_read(path, out, time(NULL), DHCP_FOREVER);
}
