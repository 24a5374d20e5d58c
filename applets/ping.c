/*
 * ping: send ICMP echo requests. Output in the format of iputils. See ping.1. RFC 792, RFC 4443, icmp(7).
 */
#include <time.h> /* must precede linux/errqueue.h */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "applets/cli/applet.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/lookup.h"
#include "core/base/signal.h"
#include "net/link/checksum.h"
#include "net/link/address.h"
#include "net/link/link.h"

#define DATA_MAX      65507 /* bytes */
#define HEADER        8     /* bytes, of ICMP */
#define NO_ANSWER     1     /* exit status */
#define CANNOT        2     /* exit status */
#define LINGER_MS     10000 /* how long to wait for the first answer after the last request */
#define SEQUENCES     65536
#define TIMED_MINIMUM 16 /* bytes of data that iputils needs to measure the time */

/* RFC 792; the headers of the C library and the kernel for it conflict with others. */
enum { ECHO_REPLY = 0, UNREACHABLE = 3, ECHO_REQUEST = 8, TIME_EXCEEDED = 11 };

/* The same for ICMP and ICMPv6. */
struct echo {
    uint8_t type, code;
    uint16_t checksum, id, sequence; /* network byte order */
};

struct ping_options {
    const char *count, *interval, *linger, *deadline, *size, *source, *hops;
    bool ipv4, ipv6, quiet, numeric;
};

static const struct option_row ping_table[] = {
    OPT_STRING('c', NULL, "COUNT", struct ping_options, count, "exit after COUNT replies"),
    OPT_STRING('i', NULL, "SECONDS", struct ping_options, interval, "interval between requests (1)"),
    OPT_STRING('W', NULL, "SECONDS", struct ping_options, linger,
               "time to wait for a reply to the last request (10)"),
    OPT_STRING('w', NULL, "SECONDS", struct ping_options, deadline, "exit after SECONDS"),
    OPT_STRING('s', NULL, "SIZE", struct ping_options, size, "bytes of data (56)"),
    OPT_STRING('I', NULL, "SOURCE", struct ping_options, source, "send from this interface or address"),
    OPT_STRING('t', NULL, "HOPS", struct ping_options, hops, "time to live: maximum number of hops"),
    OPT_FLAG('4', NULL, struct ping_options, ipv4, "IPv4"),
    OPT_FLAG('6', NULL, struct ping_options, ipv6, "IPv6"),
    OPT_FLAG('n', NULL, struct ping_options, numeric, "print addresses, not names"),
    OPT_FLAG('q', NULL, struct ping_options, quiet, "print only the summary"),
    OPT_END,
};

struct ping {
    const struct ping_options *options;
    int fd, signals;
    bool raw;
    uint16_t id; /* network byte order; of a raw socket */
    const char *host;
    struct sockaddr_storage to;
    socklen_t to_length;
    struct ip ip;
    size_t size;                                 /* bytes of data */
    int64_t count;                               /* 0: no limit */
    int64_t interval_us, linger_us, deadline_us; /* 0: none; linger -1: not set */
    int64_t sent_at_us[SEQUENCES];               /* by sequence number */
    uint8_t answered[SEQUENCES / 8];             /* by sequence number */
    int64_t started_us, last_us;                 /* first request; last request or answer */
    int64_t sent, received, repeated, errors, pipe;
    int64_t minimum_us, maximum_us, sum_us, sum_of_squares;
    uint8_t packet[HEADER + DATA_MAX], buffer[65536]; /* to send; received */
};

/* --- Settings --- */

/* "1", "0.2": seconds, in microseconds. */
static int ping_read_seconds(const char *text, const char *option, int64_t *us, struct error *err)
{
    char whole[16], part[8] = "000000";
    const char *dot = text ? strpbrk(text, ".,") : NULL;
    size_t n = dot ? (size_t)(dot - text) : text ? strlen(text) : 0;
    int64_t seconds = 0, fraction = 0;

    if (!text)
        return 0;
    if (n < sizeof(whole) && (!dot || strspn(dot + 1, "0123456789") == strlen(dot + 1))) {
        snprintf(whole, sizeof(whole), "%.*s", (int)n, text);
        for (size_t i = 0; dot && i < 6 && dot[1 + i]; i++)
            part[i] = dot[1 + i];
        if ((n == 0 || parse_int64(whole, 10, 0, 1000000, &seconds) == 0) &&
            parse_int64(part, 10, 0, 999999, &fraction) == 0) {
            *us = seconds * 1000000 + fraction;
            return 0;
        }
    }
    return error_text(err, EINVAL, "%s takes a number of seconds, not \"%s\"", option, text);
}

static int ping_read_options(struct ping *p, struct error *err)
{
    const struct ping_options *o = p->options;
    int64_t size = 56;
    int r = 0;

    p->interval_us = 1000000;
    p->linger_us = -1;
    if (o->count && parse_int64(o->count, 10, 1, INT64_MAX, &p->count) < 0)
        return error_text(err, EINVAL, "-c takes a number from 1, not \"%s\"", o->count);
    if (o->size && parse_int64(o->size, 10, 0, DATA_MAX, &size) < 0)
        return error_text(err, EINVAL, "-s takes a number of bytes up to %d, not \"%s\"", DATA_MAX, o->size);
    if (o->ipv4 && o->ipv6)
        return error_text(err, EINVAL, "-4 and -6 exclude each other");
    p->size = (size_t)size;
    r = ping_read_seconds(o->interval, "-i", &p->interval_us, err);
    if (r == 0)
        r = ping_read_seconds(o->linger, "-W", &p->linger_us, err);
    if (r == 0)
        r = ping_read_seconds(o->deadline, "-w", &p->deadline_us, err);
    return r;
}

static int ping_resolve(struct ping *p, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_RAW,
                             .ai_family = p->options->ipv4   ? AF_INET
                                          : p->options->ipv6 ? AF_INET6
                                                             : AF_UNSPEC};
    struct addrinfo *found = NULL;
    int r = lookup_host(p->host, NULL, &hints, &found, err);

    if (r < 0)
        return r;
    memcpy(&p->to, found->ai_addr, found->ai_addrlen);
    p->to_length = found->ai_addrlen;
    p->ip.family = found->ai_family;
    if (found->ai_family == AF_INET)
        memcpy(p->ip.bytes, &((struct sockaddr_in *)&p->to)->sin_addr, 4);
    else
        memcpy(p->ip.bytes, &((struct sockaddr_in6 *)&p->to)->sin6_addr, 16);
    freeaddrinfo(found);
    return 0;
}

/* --- The socket --- */

static void ping_want(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof(value));
}

static int ping_open_socket(struct ping *p, struct error *err)
{
    bool v4 = p->ip.family == AF_INET;
    int protocol = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;

    /*
     * The kernel provides ping sockets to the groups in net.ipv4.ping_group_range; root can use raw sockets.
     */
    p->fd = socket(p->ip.family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
    if (p->fd < 0 && (errno == EACCES || errno == EPERM || errno == EPROTONOSUPPORT)) {
        p->fd = socket(p->ip.family, SOCK_RAW | SOCK_CLOEXEC, protocol);
        p->raw = true;
    }
    if (p->fd < 0) {
        error_set(err, errno, "cannot open a socket for ICMP");
        return error_remedy(err, "run it as root, or set net.ipv4.ping_group_range as root");
    }
    if (v4) {
        ping_want(p->fd, IPPROTO_IP, IP_RECVTTL, 1);
        ping_want(p->fd, IPPROTO_IP, IP_RECVERR, 1);
    } else {
        ping_want(p->fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        ping_want(p->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    }
    return getrandom(&p->id, sizeof(p->id), 0) < 0 ? error_set(err, errno, "cannot choose an id") : 0;
}

static int ping_set_source(struct ping *p, struct error *err)
{
    const struct ping_options *o = p->options;
    struct sockaddr_in from4 = {.sin_family = AF_INET};
    struct sockaddr_in6 from6 = {.sin6_family = AF_INET6};
    struct ip ip;
    int64_t hops;
    int r = 0;

    if (o->hops && parse_int64(o->hops, 10, 1, 255, &hops) < 0)
        return error_text(err, EINVAL, "-t takes a number from 1 to 255, not \"%s\"", o->hops);
    if (o->hops && p->ip.family == AF_INET)
        ping_want(p->fd, IPPROTO_IP, IP_TTL, (int)hops);
    else if (o->hops)
        ping_want(p->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, (int)hops);
    if (o->source && ip_parse(o->source, p->ip.family, &ip) == 0) {
        memcpy(&from4.sin_addr, ip.bytes, 4);
        memcpy(&from6.sin6_addr, ip.bytes, 16);
        r = p->ip.family == AF_INET ? bind(p->fd, (struct sockaddr *)&from4, sizeof(from4))
                                    : bind(p->fd, (struct sockaddr *)&from6, sizeof(from6));
    } else if (o->source) {
        r = setsockopt(p->fd, SOL_SOCKET, SO_BINDTODEVICE, o->source, (socklen_t)strlen(o->source));
    }
    if (r < 0)
        return error_set(err, errno, "cannot send from %s", o->source);
    return 0;
}

/* Find the source address of requests from the route to the host, and whether there is a route. */
static int ping_find_source(struct ping *p, struct ip *out, struct error *err)
{
    cleanup_fd int probe = socket(p->ip.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage to = p->to, from;
    socklen_t length = sizeof(from);
    const char *source = p->options->source;

    *out = (struct ip){.family = p->ip.family};
    if (source && ip_parse(source, p->ip.family, out) == 0)
        return 0;
    ((struct sockaddr_in *)&to)->sin_port = htons(1025); /* at the same offset for IPv6 */
    if (source)
        setsockopt(probe, SOL_SOCKET, SO_BINDTODEVICE, source, (socklen_t)strlen(source));
    if (connect(probe, (struct sockaddr *)&to, p->to_length) < 0)
        return error_set(err, errno, "cannot reach %s", p->host);
    if (getsockname(probe, (struct sockaddr *)&from, &length) < 0)
        return error_set(err, errno, "cannot find the source address");
    if (p->ip.family == AF_INET)
        memcpy(out->bytes, &((struct sockaddr_in *)&from)->sin_addr, 4);
    else
        memcpy(out->bytes, &((struct sockaddr_in6 *)&from)->sin6_addr, 16);
    return 0;
}

/* --- Requests and replies --- */

static void ping_send_request(struct ping *p)
{
    struct echo h = {.type = p->ip.family == AF_INET ? ECHO_REQUEST : ICMP6_ECHO_REQUEST};
    size_t length = HEADER + p->size;

    p->sent++;
    h.id = p->id;
    h.sequence = htons((uint16_t)p->sent);
    for (size_t i = 0; i < p->size; i++)
        p->packet[HEADER + i] = (uint8_t)i;
    memcpy(p->packet, &h, HEADER);
    if (p->ip.family == AF_INET) {
        /* For a raw IPv4 socket; the kernel fills in the checksum for the others. */
        h.checksum = htons(checksum_fold(checksum_add(0, p->packet, length)));
        memcpy(p->packet, &h, HEADER);
    }
    p->answered[(p->sent & 0xffff) / 8] &= (uint8_t) ~(1 << (p->sent & 7));
    p->last_us = p->sent_at_us[p->sent & 0xffff] = clock_monotonic_us();
    if (sendto(p->fd, p->packet, length, 0, (struct sockaddr *)&p->to, p->to_length) < 0) {
        fflush(stdout);
        fprintf(stderr, "ping: cannot send to %s: %s\n", p->host, strerror(errno));
        p->errors++;
    }
}

static const char *ping_address_text(const struct sockaddr_storage *from, char out[IP_TEXT_SIZE])
{
    if (from->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, out, IP_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr, out, IP_TEXT_SIZE);
    return out;
}

/* "localhost (127.0.0.1)" if the host was given by name, else only the address. */
static void ping_print_from(const struct ping *p, const struct sockaddr_storage *from)
{
    char text[IP_TEXT_SIZE], own[IP_TEXT_SIZE];

    ping_address_text(from, text);
    if (!p->options->numeric && strcmp(p->host, text) != 0 && strcmp(ip_format(&p->ip, own), text) == 0)
        printf("%s (%s)", p->host, text);
    else
        fputs(text, stdout);
}

/* Four significant digits, as in iputils. */
static void ping_print_time(int64_t us)
{
    if (us >= 99950)
        printf(" time=%lld ms", (long long)(us + 500) / 1000);
    else if (us >= 9995)
        printf(" time=%lld.%01lld ms", (long long)(us + 50) / 1000, (long long)(us + 50) % 1000 / 100);
    else if (us >= 1000)
        printf(" time=%lld.%02lld ms", (long long)(us + 5) / 1000, (long long)(us + 5) % 1000 / 10);
    else
        printf(" time=%lld.%03lld ms", (long long)us / 1000, (long long)us % 1000);
}

static void ping_count_time(struct ping *p, int64_t us)
{
    p->minimum_us = p->received == 1 || us < p->minimum_us ? us : p->minimum_us;
    p->maximum_us = us > p->maximum_us ? us : p->maximum_us;
    p->sum_us += us;
    p->sum_of_squares += us * us;
}

/* The request with a sequence number of 16 bits; below 1 if it was never sent. */
static int64_t ping_number(const struct ping *p, uint16_t sequence)
{
    int64_t number = (p->sent & ~(int64_t)0xffff) | sequence;

    return number > p->sent ? number - SEQUENCES : number;
}

/* Update the maximum number of requests in flight. */
static void ping_record_answered(struct ping *p, int64_t number)
{
    p->pipe = p->sent - number + 1 > p->pipe ? p->sent - number + 1 : p->pipe;
}

/* Handle a reply of `length` bytes from its ICMP header on. Ignored if it is not ours or too short. */
static void ping_on_reply(struct ping *p, const uint8_t *bytes, size_t length,
                          const struct sockaddr_storage *from, int hops)
{
    uint8_t wanted = p->ip.family == AF_INET ? ECHO_REPLY : ICMP6_ECHO_REPLY;
    struct echo h;
    uint16_t sequence;
    int64_t number, us;
    bool again;

    if (length < HEADER)
        return;
    memcpy(&h, bytes, HEADER);
    if (h.type != wanted || (p->raw && h.id != p->id))
        return;
    sequence = ntohs(h.sequence);
    number = ping_number(p, sequence);
    if (number < 1)
        return; /* never sent */
    p->last_us = clock_monotonic_us();
    us = p->last_us - p->sent_at_us[sequence];
    again = p->answered[sequence / 8] & (1 << (sequence & 7));
    p->answered[sequence / 8] |= (uint8_t)(1 << (sequence & 7));
    p->received += !again;
    p->repeated += again;
    ping_record_answered(p, number);
    if (!again)
        ping_count_time(p, us);
    if (p->options->quiet)
        return;
    printf("%zu bytes from ", length);
    ping_print_from(p, from);
    printf(": icmp_seq=%u", sequence);
    if (hops >= 0)
        printf(" ttl=%d", hops);
    if (p->size >= TIMED_MINIMUM)
        ping_print_time(us);
    puts(again ? " (DUP!)" : "");
}

static const char *ping_unreachable_text(bool v4, int type, int code)
{
    static const char *const codes4[] = {"Destination Net Unreachable", "Destination Host Unreachable",
                                         "Destination Protocol Unreachable", "Destination Port Unreachable",
                                         "Frag needed and DF set"};
    static const char *const codes6[] = {
        "Destination unreachable: No route", "Destination unreachable: Administratively prohibited",
        "Destination unreachable: Beyond scope of source address",
        "Destination unreachable: Address unreachable", "Destination unreachable: Port unreachable"};

    if (type == (v4 ? TIME_EXCEEDED : ICMP6_TIME_EXCEEDED))
        return v4 ? "Time to live exceeded" : "Time exceeded: Hop limit";
    if (type == (v4 ? UNREACHABLE : ICMP6_DST_UNREACH) && code >= 0 && code < 5)
        return v4 ? codes4[code] : codes6[code];
    return v4 && type == UNREACHABLE ? "Packet filtered" : "Destination unreachable";
}

/* CMSG_NXTHDR(3), which does not compile without a warning with every C library. */
static struct cmsghdr *next_control(const struct msghdr *m, struct cmsghdr *c)
{
    size_t length = CMSG_ALIGN(c->cmsg_len), at = (size_t)((uint8_t *)c - (uint8_t *)m->msg_control);

    if (length < sizeof(*c) || m->msg_controllen - at < length + sizeof(*c))
        return NULL;
    return (struct cmsghdr *)((uint8_t *)c + length);
}

/* Handle an ICMP error about our requests from the error queue: ip(7), IP_RECVERR. False if the queue is
 * empty. */
static bool ping_on_error(struct ping *p)
{
    uint8_t request[HEADER];
    _Alignas(8) uint8_t control[512];
    struct sockaddr_storage to;
    struct iovec iov = {request, sizeof(request)};
    struct msghdr m = {.msg_name = &to,
                       .msg_namelen = sizeof(to),
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(p->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);
    bool v4 = p->ip.family == AF_INET;

    if (got < 0)
        return false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = next_control(&m, c)) {
        struct sock_extended_err e;
        struct sockaddr_storage offender = {0};
        struct echo h;
        size_t room = c->cmsg_len - CMSG_LEN(0);

        if (!((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
              (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) ||
            room < sizeof(e) || got < HEADER)
            continue;
        memcpy(&e, CMSG_DATA(c), sizeof(e));
        memcpy(&h, request, HEADER);
        if (e.ee_origin == SO_EE_ORIGIN_LOCAL || (p->raw && h.id != p->id))
            continue;
        room -= sizeof(e);
        memcpy(&offender, CMSG_DATA(c) + sizeof(e), room < sizeof(offender) ? room : sizeof(offender));
        p->errors++;
        ping_record_answered(p, ping_number(p, ntohs(h.sequence)));
        if (p->options->quiet)
            continue;
        fputs("From ", stdout);
        ping_print_from(p, &offender);
        printf(" icmp_seq=%u %s\n", ntohs(h.sequence), ping_unreachable_text(v4, e.ee_type, e.ee_code));
    }
    return true;
}

/* Receive one datagram; false if there is none. */
static bool ping_receive(struct ping *p)
{
    _Alignas(8) uint8_t control[256];
    struct sockaddr_storage from;
    struct iovec iov = {p->buffer, sizeof(p->buffer)};
    struct msghdr m = {.msg_name = &from,
                       .msg_namelen = sizeof(from),
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(p->fd, &m, MSG_DONTWAIT);
    size_t header = 0;
    int hops = -1;

    if (got < 0)
        return ping_on_error(p);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = next_control(&m, c))
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT))
            memcpy(&hops, CMSG_DATA(c), sizeof(hops));
    if (p->raw && p->ip.family == AF_INET && got > 0)
        header = (p->buffer[0] & 15U) * 4; /* the IP header comes first */
    if (header <= (size_t)got)
        ping_on_reply(p, p->buffer + header, (size_t)got - header, &from, hops);
    return true;
}

/* --- Run --- */

/* The absolute time of the next timer; `ended` if there is nothing to wait for. */
static int64_t ping_next_time(const struct ping *p, int64_t next_send_us, bool *ended)
{
    int64_t end_us = p->deadline_us ? p->started_us + p->deadline_us : INT64_MAX;
    int64_t wait_us = p->linger_us >= 0 ? p->linger_us : LINGER_MS * 1000LL;
    int64_t now = clock_monotonic_us(), until = next_send_us;

    if (p->count && p->sent >= p->count) {
        if (p->received && p->linger_us < 0)
            wait_us = 2 * p->maximum_us > p->interval_us ? 2 * p->maximum_us : p->interval_us;
        until = p->deadline_us && p->linger_us < 0 ? end_us : p->sent_at_us[p->sent & 0xffff] + wait_us;
        *ended = now >= until;
    }
    if (p->count && p->received + (p->deadline_us ? 0 : p->errors) >= p->count)
        *ended = true;
    *ended |= now >= end_us;
    return until < end_us ? until : end_us;
}

static void ping_loop(struct ping *p)
{
    int64_t next_send_us;
    bool ended = false;

    p->started_us = next_send_us = clock_monotonic_us();
    while (!ended) {
        struct pollfd fds[] = {{p->fd, POLLIN, 0}, {p->signals, POLLIN, 0}};
        int64_t until, wait_us;
        bool more = !p->count || p->sent < p->count || p->deadline_us;

        if (more && clock_monotonic_us() >= next_send_us) {
            ping_send_request(p);
            next_send_us += p->interval_us;
        }
        until = ping_next_time(p, more ? next_send_us : INT64_MAX, &ended);
        if (more && next_send_us < until)
            until = next_send_us;
        wait_us = until - clock_monotonic_us();
        if (ended)
            break;
        fflush(stdout);
        wait_us = wait_us < 0 ? 0 : wait_us > 1000000000 ? 1000000000 : wait_us;
        ppoll(fds, 2, &(struct timespec){wait_us / 1000000, (long)(wait_us % 1000000) * 1000}, NULL);
        if (fds[1].revents)
            break;
        while (ping_receive(p))
            ;
        ping_next_time(p, next_send_us, &ended);
    }
}

static int64_t square_root(int64_t n)
{
    int64_t x = n, y = (n + 1) / 2;

    while (y < x) {
        x = y;
        y = (x + n / x) / 2;
    }
    return x;
}

static void ping_print_milliseconds(int64_t us, const char *after)
{
    printf("%lld.%03lld%s", (long long)us / 1000, (long long)us % 1000, after);
}

static void ping_print_summary(const struct ping *p)
{
    int64_t mean;

    printf("\n--- %s ping statistics ---\n", p->host);
    printf("%lld packets transmitted, %lld received", (long long)p->sent, (long long)p->received);
    if (p->repeated)
        printf(", +%lld duplicates", (long long)p->repeated);
    if (p->errors)
        printf(", +%lld errors", (long long)p->errors);
    if (p->sent)
        printf(", %lld%% packet loss, time %lldms", (long long)((p->sent - p->received) * 100 / p->sent),
               (long long)(p->last_us - p->started_us) / 1000);
    putchar('\n');
    if (p->received && p->size >= TIMED_MINIMUM) {
        mean = p->sum_us / p->received;
        fputs("rtt min/avg/max/mdev = ", stdout);
        ping_print_milliseconds(p->minimum_us, "/");
        ping_print_milliseconds(mean, "/");
        ping_print_milliseconds(p->maximum_us, "/");
        ping_print_milliseconds(square_root(p->sum_of_squares / p->received - mean * mean), " ms");
        if (p->pipe > 1)
            printf(", pipe %lld", (long long)p->pipe);
    } else if (p->pipe > 1) {
        printf("pipe %lld", (long long)p->pipe);
    }
    putchar('\n');
}

static void ping_print_first_line(const struct ping *p, const struct ip *source)
{
    char to[IP_TEXT_SIZE], from[IP_TEXT_SIZE];
    const char *device = p->options->source;
    struct ip unused;

    ip_format(&p->ip, to);
    if (p->ip.family == AF_INET || strcmp(p->host, to) == 0)
        printf(p->ip.family == AF_INET ? "PING %s (%s) " : "PING %s(%s) ", p->host, to);
    else
        printf("PING %s(%s (%s)) ", p->host, p->host, to);
    if (device)
        printf("from %s %s: ", ip_format(source, from),
               ip_parse(device, p->ip.family, &unused) == 0 ? "" : device);
    if (p->ip.family == AF_INET)
        printf("%zu(%zu) bytes of data.\n", p->size, p->size + 28);
    else
        printf("%zu data bytes\n", p->size);
}

static int ping_run(struct invocation *in, struct error *err)
{
    cleanup_free struct ping *p = calloc(1, sizeof(*p));
    char text[sizeof(*err)];
    struct ip source;
    int r;

    if (!p)
        return error_set(err, ENOMEM, "cannot start");
    if (in->argc != 1)
        return error_text(err, EINVAL, in->argc ? "one host at a time" : "no host is given");
    p->options = in->options;
    p->host = in->argv[0];
    r = ping_read_options(p, err);
    if (r < 0)
        return r;
    if (ping_resolve(p, err) < 0 || ping_open_socket(p, err) < 0 || ping_set_source(p, err) < 0 ||
        ping_find_source(p, &source, err) < 0) {
        fprintf(stderr, "%s: %s\n", in->applet, error_format(err, text, sizeof(text)));
        return CANNOT;
    }
    /* After a signal, the summary is still printed. */
    p->signals = signal_receive((const int[]){SIGINT, SIGTERM, 0}, 0, NULL);
    ping_print_first_line(p, &source);
    ping_loop(p);
    ping_print_summary(p);
    return p->received && (!p->deadline_us || !p->count || p->received >= p->count) ? 0 : NO_ANSWER;
}

APPLET(ping, .name = "ping", .summary = "Send ICMP echo requests to a host", .usage = "[OPTION]... HOST",
       .options = ping_table, .options_size = sizeof(struct ping_options), .run = ping_run);
