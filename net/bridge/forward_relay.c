#include "net/bridge/forward_relay.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/process.h"
#include "core/base/clock.h"
#include "core/base/daemon.h"
#include "core/base/message.h"
#include "net/bridge/forward_relay_internal.h"

#define EVENTS  64
#define BACKLOG 128
#define FDS_MAX (RELAY_LISTENERS + 2 * RELAY_STREAMS + RELAY_FLOWS + 16)

/* --- The process --- */

int relay_watch(const struct relay *relay, int fd, unsigned kind, size_t index, bool again)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                            .data.u32 = (uint32_t)(index * RELAY_KINDS + kind)};

    if (kind == RELAY_LISTENER || kind == RELAY_FLOW || kind == RELAY_CONTROL)
        e.events &= ~(uint32_t)EPOLLOUT;
    return epoll_ctl(relay->poll, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static void relay_listener_close(struct relay *relay, struct relay_listener *l)
{
    for (size_t i = 0; i < RELAY_STREAMS; i++)
        if (relay->streams[i] && relay->streams[i]->listener == l)
            relay_stream_close(relay, i, true);
    for (size_t i = 0; i < RELAY_FLOWS; i++)
        if (relay->flows[i].fd >= 0 && relay->flows[i].listener == l)
            relay_flow_close(&relay->flows[i]);
    close_fd(&l->fd);
}

static struct relay_listener *relay_listener_find(struct relay *relay, bool free_slot, uint32_t id)
{
    for (size_t i = 0; i < RELAY_LISTENERS; i++)
        if (free_slot ? relay->listeners[i].fd < 0
                      : relay->listeners[i].fd >= 0 && relay->listeners[i].id == id)
            return &relay->listeners[i];
    return NULL;
}

static void relay_listener_add(struct relay *relay, const struct relay_request *request, int fd)
{
    struct relay_listener *l = relay_listener_find(relay, true, 0);

    if (!l) {
        close(fd);
        return;
    }
    *l = (struct relay_listener){.fd = fd, .id = request->id, .tcp = request->tcp, .target = request->target};
    if (relay_watch(relay, fd, RELAY_LISTENER, (size_t)(l - relay->listeners), false) < 0)
        close_fd(&l->fd);
}

/* False: the caller has exited. */
static bool relay_serve_control(struct relay *relay)
{
    for (;;) {
        cleanup_fd_list struct fd_list fds = {.count = 0};
        struct relay_request request;
        ssize_t got = message_receive(relay->control, &request, sizeof(request), MSG_DONTWAIT, NULL, &fds);
        struct relay_listener *l;

        if (got == -EAGAIN)
            return true;
        if (got != sizeof(request))
            return false;
        l = relay_listener_find(relay, false, request.id);
        if (l)
            relay_listener_close(relay, l);
        if (request.add && fds.count == 1)
            relay_listener_add(relay, &request, take_fd(&fds.fds[0]));
    }
}

/* False: exit. */
static bool relay_serve(struct relay *relay, uint32_t tag, int64_t now_ms)
{
    size_t index = tag / RELAY_KINDS;
    struct relay_listener *l = &relay->listeners[index];

    switch (tag % RELAY_KINDS) {
    case RELAY_CONTROL:
        return relay_serve_control(relay);
    case RELAY_LISTENER:
        if (l->fd >= 0 && l->tcp)
            relay_stream_accept(relay, l);
        else if (l->fd >= 0)
            relay_flow_receive(relay, l, now_ms);
        return true;
    case RELAY_STREAM:
        relay_stream_run(relay, index);
        return true;
    default:
        relay_flow_answer(relay, index, now_ms);
        return true;
    }
}

static void relay_run(struct relay *relay)
{
    struct epoll_event events[EVENTS];

    for (;;) {
        int wait_ms = relay_flow_expire(relay, clock_monotonic_ms());
        int count = epoll_wait(relay->poll, events, EVENTS, wait_ms);
        int64_t now_ms = clock_monotonic_ms();

        if (count < 0 && errno != EINTR)
            return;
        for (int i = 0; i < count; i++)
            if (!relay_serve(relay, events[i].data.u32, now_ms))
                return;
        for (size_t i = 0; i < RELAY_LISTENERS && relay->stream_count < RELAY_STREAMS; i++)
            if (relay->listeners[i].fd >= 0 && relay->listeners[i].waiting)
                relay_stream_accept(relay, &relay->listeners[i]);
    }
}

static struct relay *relay_new(int control)
{
    struct relay *relay = calloc(1, sizeof(*relay));

    if (!relay)
        return NULL;
    for (size_t i = 0; i < RELAY_LISTENERS; i++)
        relay->listeners[i].fd = -1;
    for (size_t i = 0; i < RELAY_FLOWS; i++)
        relay->flows[i].fd = -1;
    relay->control = control;
    relay->poll = epoll_create1(EPOLL_CLOEXEC);
    return relay->poll >= 0 && relay_watch(relay, control, RELAY_CONTROL, 0, false) == 0 ? relay : NULL;
}

static _Noreturn void relay_main(int control)
{
    struct rlimit fds = {FDS_MAX, FDS_MAX};
    struct relay *relay;
    sigset_t none;

    daemon_leave_caller(control, false);
    setrlimit(RLIMIT_NOFILE, &fds);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    relay = relay_new(control);
    if (relay && daemon_become_nobody(NULL) == 0)
        relay_run(relay);
    _exit(1);
}

/* --- The caller --- */

int forward_relay_start(struct forward_relay *relay, struct error *err)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return error_set(err, errno, "cannot start the relay of forwards");
    relay->pid = fork();
    if (relay->pid == 0)
        relay_main(ends[1]);
    close(ends[1]);
    relay->control = ends[0];
    if (relay->pid > 0)
        return 0;
    relay->pid = 0;
    error_set(err, errno, "cannot start the relay of forwards");
    close_fd(&relay->control);
    return err ? err->code : -EAGAIN;
}

void forward_relay_stop(struct forward_relay *relay)
{
    close_fd(&relay->control);
    if (relay->pid > 0) {
        kill(relay->pid, SIGKILL);
        (void)process_wait(relay->pid, NULL);
    }
    relay->pid = 0;
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

    /* SO_REUSEADDR allows for connections of an earlier process that are being closed. It is not set for UDP,
     * where two sockets could then share a port without an error. */
    if (fd < 0 || (tcp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
        setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) < 0 ||
        (address->family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
        bind(fd, &a.any, socket_address_size(&a)) < 0 || (tcp && listen(fd, BACKLOG) < 0))
        return error_set(err, errno, "cannot listen on port %u/%s of %s", port, tcp ? "tcp" : "udp",
                         ip_format(address, text));
    return take_fd(&fd);
}

static int relay_send(const struct forward_relay *relay, const struct relay_request *request, int listener)
{
    struct fd_list fds = {.fds = {listener}, .count = listener >= 0};

    return message_send(relay->control, request, sizeof(*request), false, listener >= 0 ? &fds : NULL);
}

int forward_relay_add(const struct forward_relay *relay, uint32_t id, bool tcp, int listener,
                      const struct ip *target, uint16_t port, struct error *err)
{
    struct relay_request request = {.id = id, .add = true, .tcp = tcp};
    int r;

    request.target = relay_address(target, port);
    r = relay_send(relay, &request, listener);
    return r < 0 ? error_set(err, r, "cannot reach the relay of forwards") : 0;
}

int forward_relay_remove(const struct forward_relay *relay, uint32_t id)
{
    struct relay_request request = {.id = id};

    return relay_send(relay, &request, -1);
}
