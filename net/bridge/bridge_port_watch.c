#include "net/bridge/bridge_port_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/daemon.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/message.h"
#include "net/bridge/bridge_ports.h"
#include "net/link/link.h"

#define DNS_PORT 53
#define WHOLE    0xffff
#define HEAD     96 /* bytes that hold the headers, with options */
#define BUFFER   (128 << 10)
#define SYN_ONLY 0x02
#define SYN_ACK  0x12

struct watched {
    int index;
    char alias[sizeof((struct link){0}.alias)];
};

struct port_watch {
    int control, bridge;
    struct netlink events;
    struct watched *ports;
    size_t count;
};

/*
 * What goes to the servers: UDP to port 67 as a whole; of UDP to port 53, and of the first packet of a TCP
 * connection to it, the headers. Not what the host sends to the container. The packets begin with their
 * IP header. Documentation/networking/filter.rst.
 */
static int watch_set_filter(int fd)
{
    struct sock_filter code[] = {
        /* 0 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 25, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 13, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 22),
        /* 5, IPv4: no later fragment */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 20, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 16),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN_ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN_ONLY, 0, 13),
        /* 14, UDP or SYN: the port */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP_SERVER_PORT, 9, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DNS_PORT, 9, 10),
        /* 17, IPv6 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 7),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 53),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN_ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN_ONLY, 0, 4),
        /* 23, UDP or SYN: the port */ BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 42),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DNS_PORT, 1, 2),
        /* 25 */ BPF_STMT(BPF_RET | BPF_K, WHOLE),
        /* 26 */ BPF_STMT(BPF_RET | BPF_K, HEAD),
        /* 27 */ BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {ARRAY_LENGTH(code), code};
    int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) < 0)
        return -errno;
    return 0;
}

static int watch_open_socket(int index)
{
    /* Protocol 0 receives nothing: the filter is in force before the first packet. */
    cleanup_fd int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_ll self = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index};
    int on = 1, size = BUFFER, r = fd < 0 ? -errno : watch_set_filter(fd);

    if (r < 0)
        return r;
#ifdef PACKET_IGNORE_OUTGOING
    /* Since Linux 4.20; before, the filter drops what is sent to the container. */
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
#endif
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0)
        return -errno;
    return take_fd(&fd);
}

static struct watched *watch_find(struct port_watch *w, int index)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->ports[i].index == index)
            return &w->ports[i];
    return NULL;
}

static void watch_send(const struct port_watch *w, struct bridge_port_event e, int fd)
{
    struct fd_list fds = {.fds = {fd}, .count = fd >= 0};

    if (message_send(w->control, &e, sizeof(e), false, &fds) < 0)
        _exit(0);
}

static void watch_report(const struct port_watch *w, const struct link *l, int fd)
{
    struct bridge_port_event e = {.index = l->index};

    /* A card of the host has a network behind it; a veth or a tap belongs to one container or machine. */
    e.shared = strcmp(l->kind, "veth") != 0 && strcmp(l->kind, "tun") != 0;
    if (starts_with(l->alias, BRIDGE_PORT_ALIAS))
        memcpy(e.owner, l->alias + strlen(BRIDGE_PORT_ALIAS),
               strnlen(l->alias + strlen(BRIDGE_PORT_ALIAS), sizeof(e.owner)));
    watch_send(w, e, fd);
}

static void watch_forget(struct port_watch *w, struct watched *port)
{
    watch_send(w, (struct bridge_port_event){.index = port->index, .gone = true}, -1);
    *port = w->ports[--w->count];
}

/* A link is, or has become, what the kernel reports. A new port is taken when it is up: its alias, which the
 * engine sets together with that, is then known. */
static void watch_take(struct port_watch *w, const struct link *l)
{
    struct watched *port = watch_find(w, l->index), *more;
    cleanup_fd int fd = -1;

    if (l->master != w->bridge) {
        if (port)
            watch_forget(w, port);
        return;
    }
    if (port && strcmp(port->alias, l->alias) != 0) {
        strcpy(port->alias, l->alias);
        watch_report(w, l, -1);
    }
    if (port || !(l->flags & IFF_UP))
        return;
    fd = watch_open_socket(l->index);
    more = reallocarray(w->ports, w->count + 1, sizeof(*more));
    if (!more || (fd < 0 && fd != -ENODEV)) {
        log_warn("lxc-net", "the port %s of the bridge is not served: %s", l->name,
                 strerror(more ? -fd : ENOMEM));
        fd = -1;
    }
    w->ports = more ? more : w->ports;
    if (fd < 0)
        return;
    w->ports[w->count].index = l->index;
    strcpy(w->ports[w->count++].alias, l->alias);
    watch_report(w, l, fd);
}

/* Read the state of all links: at the start, and after events were lost. */
static int watch_list(struct port_watch *w)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_free struct link *links = NULL;
    size_t count = 0;
    int r = netlink_open(&n, NETLINK_ROUTE, -1, NULL);

    if (r == 0)
        r = link_list(&n, &links, &count, NULL);
    if (r < 0)
        return r;
    for (size_t i = 0; i < w->count;) {
        size_t k = 0;

        while (k < count && links[k].index != w->ports[i].index)
            k++;
        if (k == count)
            watch_forget(w, &w->ports[i]);
        else
            i++;
    }
    for (size_t i = 0; i < count; i++)
        watch_take(w, &links[i]);
    return 0;
}

static int watch_on_event(struct port_watch *w)
{
    cleanup_strbuf struct strbuf events = STRBUF_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct link l;
    int r = netlink_events(&w->events, false, &events);

    if (r == -ENOBUFS)
        return watch_list(w);
    rest = netlink_view_of(&events);
    while (r > 0 && netlink_next_message(&rest, &m)) {
        if (!link_parse(&m, &l) || l.family == AF_BRIDGE)
            continue;
        if (m.type == RTM_DELLINK)
            l.master = 0;
        watch_take(w, &l);
    }
    return r < 0 && r != -EINTR ? r : 0;
}

static void watch_run(struct port_watch *w)
{
    struct pollfd fds[] = {{w->control, 0, 0}, {w->events.fd, POLLIN, 0}};
    int r = watch_list(w);

    if (r < 0)
        return;
    watch_send(w, (struct bridge_port_event){0}, -1);
    while (r == 0) {
        if (poll(fds, ARRAY_LENGTH(fds), -1) < 0)
            r = errno == EINTR ? 0 : -errno;
        else if (fds[0].revents)
            return;
        else if (fds[1].revents)
            r = watch_on_event(w);
    }
}

/* Become user nobody with the one privilege to open packet sockets. 0 or a negative errno. */
static int watch_give_up_privileges(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {
        {.effective = 1U << CAP_NET_RAW, .permitted = 1U << CAP_NET_RAW}};

    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return -errno;
    if (daemon_become_nobody(NULL) < 0 || syscall(SYS_capset, &header, sets) < 0)
        return -errno;
    return 0;
}

static _Noreturn void watch_main(int control, int bridge, pid_t parent)
{
    const int kept[] = {control, log_fd(), log_syslog_fd()};
    struct port_watch w = {.control = control, .bridge = bridge, .events = NETLINK_CLOSED};

    setsid(); /* signals from a terminal are the server's */
    if (watch_give_up_privileges() < 0)
        _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* which a change of the user clears */
    if (getppid() != parent)
        _exit(1);
    close_others(kept, ARRAY_LENGTH(kept));
    if (netlink_open(&w.events, NETLINK_ROUTE, -1, NULL) == 0 &&
        netlink_subscribe(&w.events, RTNLGRP_LINK, NULL) == 0)
        watch_run(&w);
    _exit(0);
}

int bridge_port_watch_start(int bridge, struct error *err)
{
    cleanup_fd int ours = -1, theirs = -1;
    pid_t pid, self = getpid();
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set(err, errno, "cannot watch the ports of the bridge");
    ours = ends[0];
    theirs = ends[1];
    pid = fork();
    if (pid < 0)
        return error_set(err, errno, "cannot watch the ports of the bridge");
    if (pid == 0)
        watch_main(theirs, bridge, self);
    return take_fd(&ours);
}
