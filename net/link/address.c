#include "net/link/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#ifndef IFA_PROTO /* linux/if_addr.h before 5.18 */
#define IFA_PROTO 11
#endif

/* --- Internet addresses --- */

size_t ip_size(int family)
{
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

struct ip ip_make(int family, const uint8_t *bytes)
{
    struct ip ip = {.family = family};

    memcpy(ip.bytes, bytes, ip_size(family));
    return ip;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, ip_size(a->family)) == 0;
}

bool ip_is_zero(const struct ip *a)
{
    static const uint8_t zeros[16];

    return memcmp(a->bytes, zeros, ip_size(a->family)) == 0;
}

int ip_parse(const char *text, int family, struct ip *out)
{
    if (family == AF_UNSPEC)
        family = strchr(text, ':') ? AF_INET6 : AF_INET;
    *out = (struct ip){.family = family};
    return inet_pton(family, text, out->bytes) == 1 ? 0 : -EINVAL;
}

int prefix_parse(const char *text, int family, struct ip_prefix *out)
{
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    uint64_t length;
    char ip[IP_TEXT_SIZE];

    if (n >= sizeof(ip))
        return -EINVAL;
    memcpy(ip, text, n);
    ip[n] = '\0';
    if (ip_parse(ip, family, &out->ip) < 0)
        return -EINVAL;
    length = ip_size(out->ip.family) * 8;
    if (slash && parse_uint64(slash + 1, 10, length, &length) < 0)
        return -EINVAL;
    out->length = (uint8_t)length;
    return 0;
}

const char *ip_format(const struct ip *ip, char out[IP_TEXT_SIZE])
{
    if (!ip->family || !inet_ntop(ip->family, ip->bytes, out, IP_TEXT_SIZE))
        out[0] = '\0';
    return out;
}

const char *prefix_format(const struct ip_prefix *p, char out[PREFIX_TEXT_SIZE])
{
    char ip[IP_TEXT_SIZE];

    ip_format(&p->ip, ip);
    if (p->length == ip_size(p->ip.family) * 8)
        snprintf(out, PREFIX_TEXT_SIZE, "%s", ip);
    else
        snprintf(out, PREFIX_TEXT_SIZE, "%s/%u", ip, p->length);
    return out;
}

void ip_broadcast(const struct ip_prefix *p, struct ip *out)
{
    *out = p->ip;
    for (unsigned bit = p->length; bit < 32; bit++)
        out->bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

void ip_read(const struct netlink_attribute *a, int family, struct ip *out)
{
    size_t size = ip_size(family);

    *out = (struct ip){.family = size && a->payload.length >= size ? family : 0};
    if (out->family)
        memcpy(out->bytes, a->payload.bytes, size);
}

/* --- Addresses of links --- */

static void address_begin(struct netlink_batch *b, uint16_t type, uint16_t flags, const struct address *a)
{
    struct ifaddrmsg header = {.ifa_family = (uint8_t)a->local.family,
                               .ifa_prefixlen = a->length,
                               .ifa_flags = (uint8_t)a->flags,
                               .ifa_scope = a->scope,
                               .ifa_index = (unsigned)a->index};
    size_t size = ip_size(a->local.family);

    netlink_begin(b, type, flags, &header, sizeof(header));
    netlink_put(b, IFA_LOCAL, a->local.bytes, size);
    netlink_put(b, IFA_ADDRESS, a->peer.family ? a->peer.bytes : a->local.bytes, size);
}

void address_add(struct netlink_batch *b, const struct address *a, bool replace)
{
    address_begin(b, RTM_NEWADDR, NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL), a);
    if (a->broadcast.family)
        netlink_put(b, IFA_BROADCAST, a->broadcast.bytes, ip_size(a->broadcast.family));
    if (a->label[0])
        netlink_put_string(b, IFA_LABEL, a->label);
    if (a->flags > UINT8_MAX)
        netlink_put_u32(b, IFA_FLAGS, a->flags);
    if (a->metric)
        netlink_put_u32(b, IFA_RT_PRIORITY, a->metric);
    if (a->protocol)
        netlink_put_u8(b, IFA_PROTO, a->protocol);
    if (a->has_lifetime) {
        struct ifa_cacheinfo life = {.ifa_valid = a->valid_seconds, .ifa_prefered = a->preferred_seconds};

        netlink_put(b, IFA_CACHEINFO, &life, sizeof(life));
    }
}

void address_delete(struct netlink_batch *b, const struct address *a)
{
    address_begin(b, RTM_DELADDR, 0, a);
    if (a->label[0])
        netlink_put_string(b, IFA_LABEL, a->label);
}

static void address_parse_attribute(const struct netlink_attribute *a, int family, struct address *out)
{
    struct ifa_cacheinfo life;

    switch (a->type) {
    case IFA_LOCAL:
        ip_read(a, family, &out->local);
        break;
    case IFA_ADDRESS:
        ip_read(a, family, &out->peer);
        break;
    case IFA_BROADCAST:
        ip_read(a, family, &out->broadcast);
        break;
    case IFA_LABEL:
        netlink_string(a, out->label, sizeof(out->label));
        break;
    case IFA_FLAGS:
        out->flags = netlink_u32(a);
        break;
    case IFA_RT_PRIORITY:
        out->metric = netlink_u32(a);
        break;
    case IFA_PROTO:
        out->protocol = netlink_u8(a);
        break;
    case IFA_CACHEINFO:
        if (netlink_bytes(a, &life, sizeof(life)) < sizeof(life))
            break;
        out->has_lifetime = true;
        out->valid_seconds = life.ifa_valid;
        out->preferred_seconds = life.ifa_prefered;
        break;
    default:
        break;
    }
}

bool address_parse(const struct netlink_message *m, struct address *out)
{
    struct netlink_view rest = m->payload;
    struct netlink_attribute a;
    struct ifaddrmsg header;

    if ((m->type != RTM_NEWADDR && m->type != RTM_DELADDR) ||
        !netlink_take_header(&rest, &header, sizeof(header)))
        return false;
    *out = (struct address){.index = (int)header.ifa_index,
                            .length = header.ifa_prefixlen,
                            .scope = header.ifa_scope,
                            .flags = header.ifa_flags};
    while (netlink_next_attribute(&rest, &a))
        address_parse_attribute(&a, header.ifa_family, out);
    /* Without a peer both attributes hold the same address; for IPv6, IFA_ADDRESS alone is allowed. */
    if (!out->local.family)
        out->local = out->peer;
    if (ip_equal(&out->local, &out->peer))
        out->peer = (struct ip){0};
    return out->local.family != 0;
}

int address_dump(struct netlink *n, int family, int index, struct strbuf *replies, struct error *err)
{
    struct ifaddrmsg header = {.ifa_family = (uint8_t)family, .ifa_index = (unsigned)index};
    struct netlink_result result;
    struct netlink_batch b;

    netlink_batch_init(&b);
    netlink_begin(&b, RTM_GETADDR, 0, &header, sizeof(header));
    if (netlink_dump(n, &b, replies, &result) < 0)
        return netlink_error(&result, err, "cannot list the addresses");
    return 0;
}
