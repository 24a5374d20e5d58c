#include "net/dhcp/dhcpv6.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/bytes.h"
#include "core/base/cleanup.h"
#include "net/dns/dns.h"

#define INFORMATION_REQUEST 11
#define REPLY               7
#define REFRESH_SECONDS     3600
#define DUID_MAX            130 /* bytes */
#define DUID_LL             3

enum {
    CLIENT_ID = 1,
    SERVER_ID = 2,
    IA_NA = 3,
    IA_TA = 4,
    DNS_SERVERS = 23,
    DOMAINS = 24,
    IA_PD = 25,
    REFRESH = 32,
};

struct view {
    const uint8_t *bytes;
    size_t length;
};

static void dhcpv6_put(uint8_t *out, size_t *at, uint16_t code, const void *bytes, size_t size)
{
    uint8_t *p = out + *at;

    p[0] = (uint8_t)(code >> 8);
    p[1] = (uint8_t)code;
    p[2] = (uint8_t)(size >> 8);
    p[3] = (uint8_t)size;
    memcpy(p + 4, bytes, size);
    *at += 4 + size;
}

/* Whether the request is for this server; the identifier of the client in `client`. RFC 8415, 16.12. */
static int dhcpv6_read_request(const uint8_t *p, size_t length, const uint8_t duid[10], struct view *client)
{
    *client = (struct view){NULL, 0};
    if (length < 4 || p[0] != INFORMATION_REQUEST)
        return 0;
    for (size_t at = 4; at < length;) {
        uint16_t code, size;

        if (length - at < 4)
            return 0;
        code = read_be16(p + at);
        size = read_be16(p + at + 2);
        at += 4;
        if (size > length - at)
            return 0;
        if (code == IA_NA || code == IA_TA || code == IA_PD)
            return 0;
        if (code == SERVER_ID && (size != 10 || memcmp(p + at, duid, 10) != 0))
            return 0;
        if (code == CLIENT_ID && size > 0 && size <= DUID_MAX)
            *client = (struct view){p + at, size};
        at += size;
    }
    return 1;
}

size_t dhcpv6_answer(const struct dhcpv6 *s, const uint8_t *request, size_t length,
                     uint8_t reply[DHCPV6_REPLY_MAX])
{
    uint8_t duid[10] = {0, DUID_LL, 0, 1}, name[DNS_NAME_SIZE];
    uint8_t refresh[4] = {0, 0, REFRESH_SECONDS >> 8, REFRESH_SECONDS & 255};
    struct view client;
    size_t at = 4, size;

    memcpy(duid + 4, s->hardware, sizeof(s->hardware));
    if (!dhcpv6_read_request(request, length, duid, &client))
        return 0;
    reply[0] = REPLY;
    memcpy(reply + 1, request + 1, 3);
    if (client.length)
        dhcpv6_put(reply, &at, CLIENT_ID, client.bytes, client.length);
    dhcpv6_put(reply, &at, SERVER_ID, duid, sizeof(duid));
    dhcpv6_put(reply, &at, DNS_SERVERS, &s->dns, sizeof(s->dns));
    size = s->domain[0] ? dns_write_name(s->domain, name, sizeof(name)) : 0;
    if (size)
        dhcpv6_put(reply, &at, DOMAINS, name, size);
    dhcpv6_put(reply, &at, REFRESH, refresh, sizeof(refresh));
    return at;
}

int dhcpv6_open(int index, const char *link, struct error *err)
{
    cleanup_fd int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in6 self = {.sin6_family = AF_INET6, .sin6_port = htons(DHCPV6_SERVER_PORT)};
    struct ipv6_mreq servers = {.ipv6mr_multiaddr = {{{0xff, 2, [13] = 1, 0, 2}}},
                                .ipv6mr_interface = (unsigned)index};
    int on = 1;

    if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t)strlen(link)) < 0 ||
        bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &servers, sizeof(servers)) < 0)
        return error_set(err, errno, "cannot serve DHCPv6 on port 547/udp of %s", link);
    return take_fd(&fd);
}

int dhcpv6_serve(int fd, const struct dhcpv6 *s)
{
    uint8_t request[1500], reply[DHCPV6_REPLY_MAX];
    struct sockaddr_in6 from = {0};
    socklen_t from_size = sizeof(from);
    ssize_t got = recvfrom(fd, request, sizeof(request), MSG_DONTWAIT, (struct sockaddr *)&from, &from_size);
    size_t size;

    if (got < 0)
        return errno == EINTR ? 0 : -EAGAIN;
    size = dhcpv6_answer(s, request, (size_t)got, reply);
    if (size &&
        IN6_IS_ADDR_LINKLOCAL(&from.sin6_addr)) /* the client repeats the request if the reply is lost */
        (void)!sendto(fd, reply, size, MSG_NOSIGNAL, (struct sockaddr *)&from, from_size);
    return 0;
}
