#include "fetch/http/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/lookup.h"

/* Wait for one of `events` until the deadline; 0 or -ETIMEDOUT. Errors are reported by the next call. */
static int socket_wait_until(int fd, short events, int64_t deadline_ms)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (;;) {
        int64_t left = deadline_ms - clock_monotonic_ms();
        int n = poll(&p, 1, left < 0 ? 0 : (int)left);

        if (n > 0)
            return 0;
        if (n == 0)
            return -ETIMEDOUT;
        if (errno != EINTR)
            return -errno;
    }
}

/* connect(2) to one address; an fd or a negative errno. */
static int socket_connect_address(const struct addrinfo *a, int timeout_ms)
{
    cleanup_fd int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    int r, one = 1;
    socklen_t size = sizeof(r);

    if (fd < 0)
        return -errno;
    if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
        if (errno != EINPROGRESS && errno != EINTR)
            return -errno;
        r = socket_wait_until(fd, POLLOUT, clock_monotonic_ms() + timeout_ms);
        if (r)
            return r;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &r, &size) < 0)
            return -errno;
        if (r)
            return -r;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return take_fd(&fd);
}

static int socket_explain_connect(const char *host, uint16_t port, int code, struct error *err)
{
    code = -code;
    if (code == ETIMEDOUT)
        error_text(err, code, "cannot connect to %s port %u: no answer", host, port);
    else
        error_set(err, code, "cannot connect to %s port %u", host, port);
    if (code == ECONNREFUSED)
        error_remedy(err, "no program listens there: check name and port of the server");
    else if (code == ENETUNREACH || code == EHOSTUNREACH || code == EADDRNOTAVAIL)
        error_remedy(err, "there is no route to it: check that the network is up");
    else if (code == ETIMEDOUT)
        error_remedy(err, "check the network, and whether http_proxy or https_proxy must be set here");
    return -code;
}

int socket_connect(const char *host, uint16_t port, int timeout_ms, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP}, *list;
    char service[8];
    int fd = -EHOSTUNREACH, r;

    snprintf(service, sizeof(service), "%u", port);
    r = lookup_host(host, service, &hints, &list, err);
    if (r < 0)
        return r;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        int tried = socket_connect_address(a, timeout_ms);

        /* Report the error of IPv4 if the host has no IPv6, and the reverse. */
        if (tried >= 0 || a == list ||
            (tried != -EAFNOSUPPORT && tried != -ENETUNREACH && tried != -EADDRNOTAVAIL))
            fd = tried;
    }
    freeaddrinfo(list);
    return fd >= 0 ? fd : socket_explain_connect(host, port, fd, err);
}

void socket_pace_begin(struct socket_pace *pace)
{
    pace->waited_ms = 0;
    pace->received = 0;
}

static int socket_explain_wait(int code, const struct socket_pace *pace, const char *peer, struct error *err)
{
    int seconds = (pace->timeout_ms + 999) / 1000;

    if (code != -ETIMEDOUT)
        return error_set(err, code, "the connection to %s failed", peer);
    if (pace->received == 0)
        return error_text(err, ETIMEDOUT, "%s has sent no data for %d seconds", peer, seconds);
    return error_text(err, ETIMEDOUT, "%s has sent only %zu bytes in %d seconds", peer, pace->received,
                      seconds);
}

/* Wait for one of `events` as long as the pace allows. */
static int socket_wait(int fd, short events, struct socket_pace *pace, const char *peer, struct error *err)
{
    int64_t start_ms = clock_monotonic_ms();
    int r = socket_wait_until(fd, events, start_ms + pace->timeout_ms - pace->waited_ms);

    pace->waited_ms += clock_monotonic_ms() - start_ms;
    return r < 0 ? socket_explain_wait(r, pace, peer, err) : 0;
}

ssize_t socket_read(int fd, void *bytes, size_t size, struct socket_pace *pace, const char *peer,
                    struct error *err)
{
    for (;;) {
        ssize_t n = recv(fd, bytes, size, 0);
        int r;

        if (n >= 0) {
            pace->received += (size_t)n;
            if (pace->received >= SOCKET_PROGRESS)
                socket_pace_begin(pace);
            return n;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return error_set(err, errno, "the connection to %s was interrupted", peer);
        r = socket_wait(fd, POLLIN, pace, peer, err);
        if (r < 0)
            return r;
    }
}

int socket_write(int fd, const void *bytes, size_t length, struct socket_pace *pace, const char *peer,
                 struct error *err)
{
    const char *at = bytes;

    while (length > 0) {
        ssize_t n = send(fd, at, length, MSG_NOSIGNAL);
        int r;

        if (n >= 0) {
            at += n;
            length -= (size_t)n;
        } else if (errno == EAGAIN) {
            r = socket_wait(fd, POLLOUT, pace, peer, err);
            if (r < 0)
                return r;
        } else if (errno != EINTR) {
            return error_set(err, errno, "the connection to %s was interrupted", peer);
        }
    }
    return 0;
}

bool socket_worth_retry(int code)
{
    switch (code) {
    case -EAGAIN:
    case -ECONNREFUSED:
    case -ECONNRESET:
    case -ECONNABORTED:
    case -EPIPE:
    case -ETIMEDOUT:
    case -EHOSTUNREACH:
    case -ENETUNREACH:
    case -EREMOTEIO:
        return true;
    default:
        return false;
    }
}
