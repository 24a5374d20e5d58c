#include "net/dhcp/radv.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "net/dns/dns.h"

#define HOP_LIMIT         64
#define ROUTER_SECONDS    1800  /* more than three intervals */
#define PREFERRED_SECONDS 14400 /* short, because prefixes of containers change */
#define VALID_SECONDS     86400
#define OTHER_CONFIG      0x40 /* stateless DHCPv6 is available */
#define ON_LINK           0x80
#define AUTONOMOUS        0x40

enum { SOURCE_ADDRESS = 1, PREFIX = 3, MTU = 5, RDNSS = 25, DNSSL = 31 };

static void radv_write16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void radv_write32(uint8_t *p, uint32_t value)
{
    radv_write16(p, (uint16_t)(value >> 16));
    radv_write16(p + 2, (uint16_t)value);
}

/* Write type and length (in units of 8 bytes) of an option. Returns the position of its value. */
static uint8_t *radv_put_option(uint8_t *out, size_t *at, uint8_t type, uint8_t units)
{
    uint8_t *p = out + *at;

    memset(p, 0, (size_t)8 * units);
    p[0] = type;
    p[1] = units;
    *at += (size_t)8 * units;
    return p;
}

size_t radv_build(const struct radv *radv, uint8_t out[RADV_SIZE_MAX])
{
    size_t at = 16, size;
    uint8_t name[DNS_NAME_SIZE], *p;

    memset(out, 0, at);
    out[0] = ND_ROUTER_ADVERT;
    out[4] = HOP_LIMIT;
    out[5] = OTHER_CONFIG;
    radv_write16(out + 6, radv->ending ? 0 : ROUTER_SECONDS);
    memcpy(radv_put_option(out, &at, SOURCE_ADDRESS, 1) + 2, radv->hardware, sizeof(radv->hardware));
    if (radv->mtu)
        radv_write32(radv_put_option(out, &at, MTU, 1) + 4, radv->mtu);
    p = radv_put_option(out, &at, PREFIX, 4);
    p[2] = radv->prefix_length;
    p[3] = ON_LINK | AUTONOMOUS;
    radv_write32(p + 4, VALID_SECONDS);
    radv_write32(p + 8, radv->ending ? 0 : PREFERRED_SECONDS);
    for (unsigned i = 0; i < 16; i++) {
        unsigned bits = radv->prefix_length > i * 8 ? radv->prefix_length - i * 8 : 0;

        p[16 + i] = (uint8_t)(radv->prefix.s6_addr[i] & (bits >= 8 ? 0xff : 0xff00 >> bits));
    }
    p = radv_put_option(out, &at, RDNSS, 3);
    radv_write32(p + 4, radv->ending ? 0 : ROUTER_SECONDS);
    memcpy(p + 8, &radv->dns, sizeof(radv->dns));
    size = radv->domain[0] ? dns_write_name(radv->domain, name, sizeof(name)) : 0;
    if (size) {
        p = radv_put_option(out, &at, DNSSL, (uint8_t)(1 + (size + 7) / 8));
        radv_write32(p + 4, radv->ending ? 0 : ROUTER_SECONDS);
        memcpy(p + 8, name, size);
    }
    return at;
}

bool radv_is_solicitation(const uint8_t *bytes, size_t length)
{
    if (length < 8 || bytes[0] != ND_ROUTER_SOLICIT || bytes[1] != 0)
        return false;
    for (size_t at = 8; at < length; at += (size_t)8 * bytes[at + 1])
        if (length - at < 8 || bytes[at + 1] == 0 || (size_t)8 * bytes[at + 1] > length - at)
            return false;
    return true;
}

int radv_open(int index, const char *link, struct error *err)
{
    cleanup_fd int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
    struct ipv6_mreq routers = {.ipv6mr_multiaddr = {{{0xff, 2, [15] = 2}}},
                                .ipv6mr_interface = (unsigned)index};
    int hops = 255, on = 1, off = 0;
    struct icmp6_filter filter; /* a bit set blocks a type; RFC 3542, 3.2 */

    memset(&filter, 0xff, sizeof(filter));
    filter.icmp6_filt[ND_ROUTER_SOLICIT / 32] &= ~(1U << ND_ROUTER_SOLICIT % 32);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t)strlen(link)) < 0 ||
        setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off)) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &routers, sizeof(routers)) < 0)
        return error_set(err, errno, "cannot advertise IPv6 on %s", link);
    return take_fd(&fd);
}

int radv_receive(int fd)
{
    uint8_t bytes[1500];
    _Alignas(struct cmsghdr) uint8_t control[64];
    struct iovec iov = {bytes, sizeof(bytes)};
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(fd, &m, MSG_DONTWAIT);
    struct cmsghdr *c;
    int hops = 0;

    if (got < 0)
        return errno == EINTR ? 0 : -EAGAIN;
    c = CMSG_FIRSTHDR(&m); /* the only one requested */
    if (c && c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)
        memcpy(&hops, CMSG_DATA(c), sizeof(hops));
    /* 255: not forwarded by a router, so it comes from this link. */
    return hops == 255 && radv_is_solicitation(bytes, (size_t)got);
}

int radv_send(int fd, int index, const struct radv *radv)
{
    struct sockaddr_in6 hosts = {
        .sin6_family = AF_INET6, .sin6_addr = {{{0xff, 2, [15] = 1}}}, .sin6_scope_id = (uint32_t)index};
    uint8_t bytes[RADV_SIZE_MAX];
    size_t size = radv_build(radv, bytes);

    return sendto(fd, bytes, size, 0, (struct sockaddr *)&hosts, sizeof(hosts)) < 0 ? -errno : 0;
}
