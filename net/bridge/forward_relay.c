#include "net/bridge/forward_relay.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/daemon.h"
#include "core/base/message.h"
#include "net/bridge/forward_relay_internal.h"

#define EVENTS  64
#define BACKLOG 128
#define FDS_MAX (RELAY_LISTENERS + 2 * RELAY_STREAMS + RELAY_FLOWS + 16)

/* --- The process --- */

int relay_watch(const struct relay *r, int fd, unsigned kind, size_t index, bool again)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                            .data.u32 = (uint32_t)(index * RELAY_KINDS + kind)};

    if (kind == RELAY_LISTENER || kind == RELAY_FLOW || kind == RELAY_CONTROL)
        e.events &= ~(uint32_t)EPOLLOUT;
    return epoll_ctl(r->poll, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static void relay_listener_close(struct relay *r, struct relay_listener *l)
{
    for (size_t i = 0; i < RELAY_STREAMS; i++)
        if (r->streams[i] && r->streams[i]->listener == l)
            relay_stream_close(r, i, true);
    for (size_t i = 0; i < RELAY_FLOWS; i++)
        if (r->flows[i].fd >= 0 && r->flows[i].listener == l)
            relay_flow_close(&r->flows[i]);
    close_fd(&l->fd);
}

static struct relay_listener *relay_listener_find(struct relay *r, bool free_slot, uint32_t id)
{
    for (size_t i = 0; i < RELAY_LISTENERS; i++)
        if (free_slot ? r->listeners[i].fd < 0 : r->listeners[i].fd >= 0 && r->listeners[i].id == id)
            return &r->listeners[i];
    return NULL;
}

static void relay_listener_add(struct relay *r, const struct relay_request *request, int fd)
{
    struct relay_listener *l = relay_listener_find(r, true, 0);

    if (!l) {
        close(fd);
        return;
    }
    *l = (struct relay_listener){.fd = fd, .id = request->id, .tcp = request->tcp, .target = request->target};
    if (relay_watch(r, fd, RELAY_LISTENER, (size_t)(l - r->listeners), false) < 0)
        close_fd(&l->fd);
}

/* False: the caller has ended. */
static bool relay_serve_control(struct relay *r)
{
    for (;;) {
        cleanup_fd_list struct fd_list fds = {.count = 0};
        struct relay_request request;
        ssize_t got = message_receive(r->control, &request, sizeof(request), MSG_DONTWAIT, NULL, &fds);
        struct relay_listener *l;

        if (got == -EAGAIN)
            return true;
        if (got != sizeof(request))
            return false;
        l = relay_listener_find(r, false, request.id);
        if (l)
            relay_listener_close(r, l);
        if (request.add && fds.count == 1)
            relay_listener_add(r, &request, take_fd(&fds.fds[0]));
    }
}

/* False: the end. */
static bool relay_serve(struct relay *r, uint32_t tag, int64_t now_ms)
{
    size_t index = tag / RELAY_KINDS;
    struct relay_listener *l = &r->listeners[index];

    switch (tag % RELAY_KINDS) {
    case RELAY_CONTROL:
        return relay_serve_control(r);
    case RELAY_LISTENER:
        if (l->fd >= 0 && l->tcp)
            relay_stream_accept(r, l);
        else if (l->fd >= 0)
            relay_flow_receive(r, l, now_ms);
        return true;
    case RELAY_STREAM:
        relay_stream_run(r, index);
        return true;
    default:
        relay_flow_answer(r, index, now_ms);
        return true;
    }
}

static void relay_run(struct relay *r)
{
    struct epoll_event events[EVENTS];

    for (;;) {
        int wait_ms = relay_flow_expire(r, clock_monotonic_ms());
        int count = epoll_wait(r->poll, events, EVENTS, wait_ms);
        int64_t now_ms = clock_monotonic_ms();

        if (count < 0 && errno != EINTR)
            return;
        for (int i = 0; i < count; i++)
            if (!relay_serve(r, events[i].data.u32, now_ms))
                return;
        for (size_t i = 0; i < RELAY_LISTENERS && r->stream_count < RELAY_STREAMS; i++)
            if (r->listeners[i].fd >= 0 && r->listeners[i].waiting)
                relay_stream_accept(r, &r->listeners[i]);
    }
}

static struct relay *relay_new(int control)
{
    struct relay *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    for (size_t i = 0; i < RELAY_LISTENERS; i++)
        r->listeners[i].fd = -1;
    for (size_t i = 0; i < RELAY_FLOWS; i++)
        r->flows[i].fd = -1;
    r->control = control;
    r->poll = epoll_create1(EPOLL_CLOEXEC);
    return r->poll >= 0 && relay_watch(r, control, RELAY_CONTROL, 0, false) == 0 ? r : NULL;
}

static _Noreturn void relay_main(int control)
{
    struct rlimit fds = {FDS_MAX, FDS_MAX};
    struct relay *r;
    sigset_t none;

    daemon_leave_caller(control, false);
    setrlimit(RLIMIT_NOFILE, &fds);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    r = relay_new(control);
    if (r && daemon_become_nobody(NULL) == 0)
        relay_run(r);
    _exit(1);
}

/* --- Its caller --- */

int forward_relay_start(struct forward_relay *r, struct error *err)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set(err, errno, "cannot start the relay of forwards");
    r->pid = fork();
    if (r->pid == 0)
        relay_main(ends[1]);
    close(ends[1]);
    r->control = ends[0];
    if (r->pid > 0)
        return 0;
    r->pid = 0;
    error_set(err, errno, "cannot start the relay of forwards");
    close_fd(&r->control);
    return err ? err->code : -EAGAIN;
}

void forward_relay_stop(struct forward_relay *r)
{
    close_fd(&r->control);
    if (r->pid > 0) {
        kill(r->pid, SIGKILL);
        while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    r->pid = 0;
}

static union socket_address relay_address(const struct ip *ip, uint16_t port)
{
    union socket_address a = {0};

    a.any.sa_family = (sa_family_t)ip->family;
    if (ip->family == AF_INET6) {
        a.v6.sin6_port = htons(port);
        memcpy(&a.v6.sin6_addr, ip->bytes, 16);
    } else {
        a.v4.sin_port = htons(port);
        memcpy(&a.v4.sin_addr, ip->bytes, 4);
    }
    return a;
}

int forward_listen(bool tcp, const struct ip *address, uint16_t port, struct error *err)
{
    union socket_address a = relay_address(address, port);
    int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, on = 1;
    cleanup_fd int fd = socket(address->family, type, 0);
    char text[IP_TEXT_SIZE];

    /* SO_REUSEADDR is for connections of an earlier process that are being closed. With it two UDP sockets
     * could share a port, so that one would not notice the other. */
    if (fd < 0 || (tcp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
        setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) < 0 ||
        (address->family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
        bind(fd, &a.any, socket_address_size(&a)) < 0 || (tcp && listen(fd, BACKLOG) < 0))
        return error_set(err, errno, "cannot listen on port %u/%s of %s", port, tcp ? "tcp" : "udp",
                         ip_format(address, text));
    return take_fd(&fd);
}

static int relay_send(const struct forward_relay *r, const struct relay_request *request, int listener)
{
    struct fd_list fds = {.fds = {listener}, .count = listener >= 0};

    return message_send(r->control, request, sizeof(*request), false, listener >= 0 ? &fds : NULL);
}

int forward_relay_add(const struct forward_relay *r, uint32_t id, bool tcp, int listener,
                      const struct ip *target, uint16_t port, struct error *err)
{
    struct relay_request request = {.id = id, .add = true, .tcp = tcp};
    int ret;

    request.target = relay_address(target, port);
    ret = relay_send(r, &request, listener);
    return ret < 0 ? error_set(err, ret, "cannot reach the relay of forwards") : 0;
}

int forward_relay_remove(const struct forward_relay *r, uint32_t id)
{
    struct relay_request request = {.id = id};

    return relay_send(r, &request, -1);
}
