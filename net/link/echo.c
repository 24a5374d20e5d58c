#include <time.h> /* must precede linux/errqueue.h */

#include "net/link/echo.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "net/link/checksum.h"

/* RFC 792; the headers of the C library and the kernel for it conflict with others. */
enum { TYPE_REPLY = 0, TYPE_UNREACHABLE = 3, TYPE_REQUEST = 8, TYPE_TIME_EXCEEDED = 11 };

/* The same for ICMP and ICMPv6. */
struct echo_header {
    uint8_t type, code;
    uint16_t checksum, id, sequence; /* network byte order */
};

static void echo_set_option(int fd, int level, int option, int value)
{
    setsockopt(fd, level, option, &value, sizeof(value));
}

static struct ip echo_ip(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ip_make(AF_INET, (const uint8_t *)&((const struct sockaddr_in *)address)->sin_addr);
    if (address->ss_family == AF_INET6)
        return ip_make(AF_INET6, (const uint8_t *)&((const struct sockaddr_in6 *)address)->sin6_addr);
    return (struct ip){0};
}

int echo_open(struct echo_socket *s, const struct sockaddr *to, socklen_t to_length, struct error *err)
{
    bool v4 = to->sa_family == AF_INET;
    int protocol = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;

    *s = (struct echo_socket){.to_length = to_length};
    memcpy(&s->to, to, to_length);
    s->ip = echo_ip(&s->to);
    /*
     * The kernel provides ping sockets to the groups in net.ipv4.ping_group_range; root can use raw sockets.
     */
    s->fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, protocol);
    if (s->fd < 0 && (errno == EACCES || errno == EPERM || errno == EPROTONOSUPPORT)) {
        s->fd = socket(to->sa_family, SOCK_RAW | SOCK_CLOEXEC, protocol);
        s->raw = true;
    }
    if (s->fd < 0) {
        error_set(err, errno, "cannot open a socket for ICMP");
        return error_remedy(err, "run it as root, or set net.ipv4.ping_group_range as root");
    }
    if (v4) {
        echo_set_option(s->fd, IPPROTO_IP, IP_RECVTTL, 1);
        echo_set_option(s->fd, IPPROTO_IP, IP_RECVERR, 1);
    } else {
        echo_set_option(s->fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        echo_set_option(s->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    }
    return getrandom(&s->id, sizeof(s->id), 0) < 0 ? error_set(err, errno, "cannot choose an id") : 0;
}

void echo_set_hops(const struct echo_socket *s, int hops)
{
    if (s->ip.family == AF_INET)
        echo_set_option(s->fd, IPPROTO_IP, IP_TTL, hops);
    else
        echo_set_option(s->fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops);
}

int echo_set_source(const struct echo_socket *s, const char *source, struct error *err)
{
    struct sockaddr_in from4 = {.sin_family = AF_INET};
    struct sockaddr_in6 from6 = {.sin6_family = AF_INET6};
    struct ip ip;
    int r;

    if (ip_parse(source, s->ip.family, &ip) == 0) {
        memcpy(&from4.sin_addr, ip.bytes, 4);
        memcpy(&from6.sin6_addr, ip.bytes, 16);
        r = s->ip.family == AF_INET ? bind(s->fd, (struct sockaddr *)&from4, sizeof(from4))
                                    : bind(s->fd, (struct sockaddr *)&from6, sizeof(from6));
    } else {
        r = setsockopt(s->fd, SOL_SOCKET, SO_BINDTODEVICE, source, (socklen_t)strlen(source));
    }
    return r < 0 ? error_set(err, errno, "cannot send from %s", source) : 0;
}

int echo_find_source(const struct echo_socket *s, const char *source, const char *host, struct ip *out,
                     struct error *err)
{
    cleanup_fd int probe = socket(s->ip.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage to = s->to, from;
    socklen_t length = sizeof(from);

    *out = (struct ip){.family = s->ip.family};
    if (source && ip_parse(source, s->ip.family, out) == 0)
        return 0;
    ((struct sockaddr_in *)&to)->sin_port = htons(1025); /* at the same offset for IPv6 */
    if (source)
        setsockopt(probe, SOL_SOCKET, SO_BINDTODEVICE, source, (socklen_t)strlen(source));
    if (connect(probe, (struct sockaddr *)&to, s->to_length) < 0)
        return error_set(err, errno, "cannot reach %s", host);
    if (getsockname(probe, (struct sockaddr *)&from, &length) < 0)
        return error_set(err, errno, "cannot find the source address");
    *out = echo_ip(&from);
    return 0;
}

int echo_send(const struct echo_socket *s, uint16_t sequence, uint8_t *packet, size_t size)
{
    bool v4 = s->ip.family == AF_INET;
    struct echo_header h = {
        .type = v4 ? TYPE_REQUEST : ICMP6_ECHO_REQUEST, .id = s->id, .sequence = htons(sequence)};
    size_t length = ECHO_HEADER + size;

    memcpy(packet, &h, ECHO_HEADER);
    if (v4) {
        /* For a raw IPv4 socket; the kernel fills in the checksum for the others. */
        h.checksum = htons(checksum_fold(checksum_add(0, packet, length)));
        memcpy(packet, &h, ECHO_HEADER);
    }
    return sendto(s->fd, packet, length, 0, (const struct sockaddr *)&s->to, s->to_length) < 0 ? -errno : 0;
}

enum echo_kind echo_parse(const struct echo_socket *s, const uint8_t *bytes, size_t length,
                          struct echo_answer *out)
{
    bool v4 = s->ip.family == AF_INET;
    struct echo_header h;
    size_t skipped = s->raw && v4 && length > 0 ? (bytes[0] & 15U) * 4 : 0; /* the IP header */

    if (length < skipped + ECHO_HEADER)
        return ECHO_IGNORED;
    memcpy(&h, bytes + skipped, ECHO_HEADER);
    if (h.type != (v4 ? TYPE_REPLY : ICMP6_ECHO_REPLY) || (s->raw && h.id != s->id))
        return ECHO_IGNORED;
    out->sequence = ntohs(h.sequence);
    out->length = length - skipped;
    return ECHO_REPLY;
}

const char *echo_error_text(int family, int type, int code)
{
    static const char *const codes4[] = {"Destination Net Unreachable", "Destination Host Unreachable",
                                         "Destination Protocol Unreachable", "Destination Port Unreachable",
                                         "Frag needed and DF set"};
    static const char *const codes6[] = {
        "Destination unreachable: No route", "Destination unreachable: Administratively prohibited",
        "Destination unreachable: Beyond scope of source address",
        "Destination unreachable: Address unreachable", "Destination unreachable: Port unreachable"};
    bool v4 = family == AF_INET;

    if (type == (v4 ? TYPE_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED))
        return v4 ? "Time to live exceeded" : "Time exceeded: Hop limit";
    if (type == (v4 ? TYPE_UNREACHABLE : ICMP6_DST_UNREACH) && code >= 0 && code < 5)
        return v4 ? codes4[code] : codes6[code];
    return v4 && type == TYPE_UNREACHABLE ? "Packet filtered" : "Destination unreachable";
}

/* CMSG_NXTHDR(3), which does not compile without a warning with every C library. */
static struct cmsghdr *control_next(const struct msghdr *m, struct cmsghdr *c)
{
    size_t length = CMSG_ALIGN(c->cmsg_len), at = (size_t)((uint8_t *)c - (uint8_t *)m->msg_control);

    if (length < sizeof(*c) || m->msg_controllen - at < length + sizeof(*c))
        return NULL;
    return (struct cmsghdr *)((uint8_t *)c + length);
}

/* A control message of one of two kinds, for IPv4 or for IPv6. NULL if there is none. */
static struct cmsghdr *control_find(const struct msghdr *m, int type4, int type6)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = control_next(m, c))
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == type4) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == type6))
            return c;
    return NULL;
}

/* Receive an ICMP error about a request from the error queue: ip(7), IP_RECVERR. */
static enum echo_kind echo_receive_error(const struct echo_socket *s, struct echo_answer *out)
{
    uint8_t request[ECHO_HEADER];
    _Alignas(struct cmsghdr) uint8_t control[512];
    struct iovec iov = {request, sizeof(request)};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);
    struct cmsghdr *c = got < 0 ? NULL : control_find(&m, IP_RECVERR, IPV6_RECVERR);
    struct sockaddr_storage offender = {0};
    struct sock_extended_err e;
    struct echo_header h;
    size_t rest;

    if (got < 0)
        return ECHO_NONE;
    if (!c || c->cmsg_len < CMSG_LEN(sizeof(e)) || got < ECHO_HEADER)
        return ECHO_IGNORED;
    memcpy(&e, CMSG_DATA(c), sizeof(e));
    memcpy(&h, request, ECHO_HEADER);
    if (e.ee_origin == SO_EE_ORIGIN_LOCAL || (s->raw && h.id != s->id))
        return ECHO_IGNORED;
    rest = c->cmsg_len - CMSG_LEN(sizeof(e)); /* SO_EE_OFFENDER */
    memcpy(&offender, CMSG_DATA(c) + sizeof(e), rest < sizeof(offender) ? rest : sizeof(offender));
    *out = (struct echo_answer){.sequence = ntohs(h.sequence),
                                .from = echo_ip(&offender),
                                .hops = -1,
                                .type = e.ee_type,
                                .code = e.ee_code};
    return ECHO_ERROR;
}

enum echo_kind echo_receive(const struct echo_socket *s, uint8_t *buffer, struct echo_answer *out)
{
    _Alignas(struct cmsghdr) uint8_t control[256];
    struct sockaddr_storage from = {0};
    struct iovec iov = {buffer, ECHO_PACKET_MAX};
    struct msghdr m = {.msg_name = &from,
                       .msg_namelen = sizeof(from),
                       .msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(s->fd, &m, MSG_DONTWAIT);
    struct cmsghdr *c;

    if (got < 0)
        return echo_receive_error(s, out);
    c = control_find(&m, IP_TTL, IPV6_HOPLIMIT);
    *out = (struct echo_answer){.from = echo_ip(&from), .hops = -1};
    if (c && c->cmsg_len >= CMSG_LEN(sizeof(out->hops)))
        memcpy(&out->hops, CMSG_DATA(c), sizeof(out->hops));
    return echo_parse(s, buffer, (size_t)got, out);
}
