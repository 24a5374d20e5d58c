#include "core/links/forward_target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "net/link/link.h"
#include "net/link/route.h"

/* Temporary and secondary addresses have the same bit. */
#define PASSING_FLAGS (IFA_F_TEMPORARY | IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)

int forward_route_type(const struct ip *address, bool *direct)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct route wanted = {.destination = {*address, (uint8_t)(ip_size(address->family) * 8)}}, found;
    struct netlink_message m;
    struct netlink_view rest;
    struct netlink_batch b;
    int r = netlink_open(&n, NETLINK_ROUTE, -1, NULL);

    if (r < 0)
        return r;
    netlink_batch_init(&b);
    route_lookup(&b, &wanted);
    r = netlink_exchange(&n, &b, &replies, NULL);
    if (r < 0)
        return r;
    rest = netlink_view_of(&replies);
    if (!netlink_next_message(&rest, &m) || !route_parse(&m, &found))
        return -EBADMSG;
    if (direct)
        *direct = found.type == RTN_UNICAST && !found.gateway.family && !found.multipath.length;
    return found.type;
}

static int target_open_netns(const char *process)
{
    char path[40];
    int fd;

    snprintf(path, sizeof(path), "/proc/%s/ns/net", process);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static bool target_same_file(int a, int b)
{
    struct stat x, y;

    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int forward_target_open(struct forward_target *t, pid_t pid, struct error *err)
{
    cleanup_fd int own = target_open_netns("self"), netns = -1;
    char process[16];
    int r;

    forward_target_close(t);
    snprintf(process, sizeof(process), "%d", (int)pid);
    t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    netns = target_open_netns(process);
    if (netns < 0)
        r = error_set(err, netns, "cannot open the network namespace of %s", t->container);
    else
        r = netlink_open(&t->events, NETLINK_ROUTE, netns, err);
    if (r == 0)
        r = netlink_subscribe(&t->events, RTNLGRP_IPV4_IFADDR, err);
    if (r == 0)
        r = netlink_subscribe(&t->events, RTNLGRP_IPV6_IFADDR, err);
    /* The pid may have been reused meanwhile. */
    if (r == 0 && t->pidfd >= 0 && forward_target_ended(t))
        r = error_set(err, ESRCH, "cannot follow %s", t->container);
    if (r < 0) {
        forward_target_close(t);
        return r;
    }
    t->pid = pid;
    t->host_network = target_same_file(own, netns);
    return 0;
}

void forward_target_close(struct forward_target *t)
{
    netlink_close(&t->events);
    t->events = (struct netlink)NETLINK_CLOSED;
    close_fd(&t->pidfd);
    t->pid = 0;
    t->addresses[0] = t->addresses[1] = (struct ip_prefix){0};
    t->host_network = false;
}

bool forward_target_ended(const struct forward_target *t)
{
    struct pollfd p = {t->pidfd, POLLIN, 0};

    if (t->pidfd < 0)
        return t->pid && kill(t->pid, 0) < 0 && errno == ESRCH;
    return poll(&p, 1, 0) > 0;
}

/* The end on the host of the veth pair whose end in the container is `l`; 0 if there is none. Each end must
 * refer to the other, because the data from inside the container is not trusted. */
static int target_find_port(const struct link *l)
{
    cleanup_netlink struct netlink host = NETLINK_CLOSED;
    struct link port;

    if (strcmp(l->kind, "veth") != 0 || !l->has_parent_netns ||
        netlink_open(&host, NETLINK_ROUTE, -1, NULL) < 0 ||
        link_find(&host, l->parent, NULL, &port, NULL) < 0 || strcmp(port.kind, "veth") != 0 ||
        !port.has_parent_netns || port.parent != l->index)
        return 0;
    return l->parent;
}

/* For a link of these kinds, the kernel does not pass packets between the link and the host of its parent. */
static bool target_is_isolated(const struct link *l)
{
    return starts_with(l->kind, "macv") || starts_with(l->kind, "ipv");
}

void forward_target_hairpin(const struct forward_target *t)
{
    static const char *const filters[2] = {"/proc/sys/net/bridge/bridge-nf-call-iptables",
                                           "/proc/sys/net/bridge/bridge-nf-call-ip6tables"};
    cleanup_netlink struct netlink host = NETLINK_CLOSED;
    struct netlink_batch b;

    for (int six = 0; six < 2; six++) {
        cleanup_free char *value = NULL;

        if (!t->ports[six] || file_read(AT_FDCWD, filters[six], 32, &value, NULL) < 0 || value[0] != '1' ||
            (host.fd < 0 && netlink_open(&host, NETLINK_ROUTE, -1, NULL) < 0))
            continue;
        netlink_batch_init(&b);
        link_port_hairpin(&b, t->ports[six], true);
        (void)netlink_exchange(&host, &b, NULL,
                               NULL); /* it may not be a port of a bridge, or not exist any more */
    }
}

/* Find the first permanent address of each family that this host can reach. Other addresses may belong to
 * networks inside the container. */
static int target_find_addresses(struct forward_target *t, struct netlink *inside, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    int r = address_dump(inside, AF_UNSPEC, 0, &replies, err);

    rest = netlink_view_of(&replies);
    while (r == 0 && netlink_next_message(&rest, &m)) {
        struct ip_prefix *found;
        struct address a;
        bool direct = false;
        struct link l;

        if (!address_parse(&m, &a) || a.scope >= RT_SCOPE_LINK || a.flags & PASSING_FLAGS)
            continue;
        found = &t->addresses[a.local.family == AF_INET6];
        if (found->ip.family || link_find(inside, a.index, NULL, &l, NULL) < 0 || target_is_isolated(&l) ||
            forward_route_type(&a.local, &direct) < 0 || !direct)
            continue;
        *found = (struct ip_prefix){a.local, a.length};
        t->ports[a.local.family == AF_INET6] = target_find_port(&l);
    }
    return r;
}

int forward_target_read(struct forward_target *t, struct error *err)
{
    cleanup_netlink struct netlink inside = NETLINK_CLOSED;
    cleanup_fd int netns = -1;
    char process[16];
    int r;

    t->addresses[0] = t->addresses[1] = (struct ip_prefix){0};
    t->ports[0] = t->ports[1] = 0;
    if (t->host_network)
        return 0;
    snprintf(process, sizeof(process), "%d", (int)t->pid);
    netns = target_open_netns(process);
    if (netns < 0 || forward_target_ended(t))
        return error_set(err, ESRCH, "cannot read the addresses of %s", t->container);
    r = netlink_open(&inside, NETLINK_ROUTE, netns, err);
    return r == 0 ? target_find_addresses(t, &inside, err) : r;
}
