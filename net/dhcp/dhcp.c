#include "net/dhcp/dhcp.h"

#include <string.h>

#include "core/base/bytes.h"

#define FIXED_SIZE 236 /* bytes up to the magic cookie */
#define FILE_AT    108
#define FILE_SIZE  128
#define SNAME_AT   44
#define SNAME_SIZE 64
#define BUILD_MAX  (DHCP_MESSAGE_MAX - 28)
#define BUILD_MIN  300 /* size of BOOTP; some relays and clients drop shorter messages */

static const uint8_t magic[4] = {99, 130, 83, 99};

/* Option numbers of RFC 2132. */
enum {
    PAD = 0,
    NETMASK = 1,
    ROUTERS = 3,
    DNS = 6,
    HOST_NAME = 12,
    DOMAIN = 15,
    MTU = 26,
    BROADCAST = 28,
    REQUESTED = 50,
    LEASE = 51,
    OVERLOAD = 52,
    TYPE = 53,
    SERVER = 54,
    PARAMETERS = 55,
    MAX_SIZE = 57,
    RENEW = 58,
    REBIND = 59,
    CLIENT_ID = 61,
    ROUTES = 121,
    END = 255,
};

/* --- Names --- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

void dhcp_host_name(const char *text, size_t length, char out[DHCP_NAME_SIZE])
{
    size_t n = 0;

    out[0] = '\0';
    while (n < length && text[n] && text[n] != '.')
        n++;
    if (n == 0 || n >= DHCP_NAME_SIZE || text[0] == '-' || text[n - 1] == '-')
        return;
    for (size_t i = 0; i < n; i++)
        if (!is_name_byte(text[i]))
            return;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    out[n] = '\0';
}

bool dhcp_domain_valid(const char *text)
{
    size_t label = 0;

    for (const char *p = text; *p; p++) {
        if (*p == '.' ? label == 0 : !is_name_byte(*p) && *p != '_')
            return false;
        label = *p == '.' ? 0 : label + 1;
        if (label > 63 || p - text >= DHCP_DOMAIN_SIZE)
            return false;
    }
    return text[0] != '\0';
}

/* --- Reading --- */

static uint8_t dhcp_read_addresses(const uint8_t *p, size_t size, uint32_t out[DHCP_ADDRESSES_MAX])
{
    uint8_t count = 0;

    for (; size >= 4 && count < DHCP_ADDRESSES_MAX; p += 4, size -= 4)
        if (read_be32(p))
            out[count++] = read_be32(p);
    return count;
}

/* RFC 3442: prefix length, the significant bytes of the destination, gateway. */
static void dhcp_read_routes(const uint8_t *p, size_t size, struct dhcp_message *m)
{
    while (size > 0 && m->route_count < DHCP_ROUTES_MAX) {
        struct dhcp_route *route = &m->routes[m->route_count];
        size_t bytes = (p[0] + 7U) / 8;

        if (p[0] > 32 || size < 1 + bytes + 4)
            return;
        *route = (struct dhcp_route){.length = p[0]};
        for (size_t i = 0; i < bytes; i++)
            route->destination |= (uint32_t)p[1 + i] << (24 - 8 * i);
        route->destination &= route->length ? ~0U << (32 - route->length) : 0;
        route->gateway = read_be32(p + 1 + bytes);
        m->route_count++;
        p += 1 + bytes + 4;
        size -= 1 + bytes + 4;
    }
}

struct parts { /* RFC 3396: options that may be split */
    uint8_t routes[512];
    size_t routes_size;
    uint8_t overload;
};

static void dhcp_read_option(uint8_t code, const uint8_t *p, uint8_t size, struct dhcp_message *m,
                             struct parts *parts)
{
    switch (code) {
    case NETMASK:
        m->netmask = size == 4 ? read_be32(p) : 0;
        break;
    case ROUTERS:
        m->router_count = dhcp_read_addresses(p, size, m->routers);
        break;
    case DNS:
        m->dns_count = dhcp_read_addresses(p, size, m->dns);
        break;
    case HOST_NAME:
        dhcp_host_name((const char *)p, size, m->host_name);
        break;
    case DOMAIN:
        if (size < sizeof(m->domain)) {
            memcpy(m->domain, p, size);
            m->domain[size] = '\0';
            if (!dhcp_domain_valid(m->domain))
                m->domain[0] = '\0';
        }
        break;
    case MTU:
        m->mtu = size == 2 ? read_be16(p) : 0;
        break;
    case BROADCAST:
        m->broadcast = size == 4 ? read_be32(p) : 0;
        break;
    case REQUESTED:
        m->requested = size == 4 ? read_be32(p) : 0;
        break;
    case LEASE:
        m->lease_seconds = size == 4 ? read_be32(p) : 0;
        break;
    case OVERLOAD:
        parts->overload = size == 1 ? p[0] : 0;
        break;
    case TYPE:
        m->type = size == 1 && p[0] >= DHCP_DISCOVER && p[0] <= DHCP_INFORM ? p[0] : 0;
        break;
    case SERVER:
        m->server = size == 4 ? read_be32(p) : 0;
        break;
    case MAX_SIZE:
        m->max_size = size == 2 ? read_be16(p) : 0;
        break;
    case RENEW:
        m->renew_seconds = size == 4 ? read_be32(p) : 0;
        break;
    case REBIND:
        m->rebind_seconds = size == 4 ? read_be32(p) : 0;
        break;
    case CLIENT_ID:
        m->id_size = size >= 2 && size <= DHCP_ID_MAX ? size : 0;
        memcpy(m->id, p, m->id_size);
        break;
    case PARAMETERS:
        m->has_wanted = true;
        for (uint8_t i = 0; i < size; i++)
            m->wanted[p[i] / 8] |= (uint8_t)(1 << p[i] % 8);
        break;
    case ROUTES:
        if (size <= sizeof(parts->routes) - parts->routes_size) {
            memcpy(parts->routes + parts->routes_size, p, size);
            parts->routes_size += size;
        }
        break;
    default:
        break;
    }
}

static bool dhcp_read_options(const uint8_t *p, size_t length, struct dhcp_message *m, struct parts *parts)
{
    size_t at = 0;

    while (at < length && p[at] != END) {
        if (p[at] == PAD) {
            at++;
            continue;
        }
        if (length - at < 2 || p[at + 1] > length - at - 2)
            return false;
        dhcp_read_option(p[at], p + at + 2, p[at + 1], m, parts);
        at += 2U + p[at + 1];
    }
    return true;
}

bool dhcp_parse(const uint8_t *bytes, size_t length, struct dhcp_message *out)
{
    struct parts parts = {.routes_size = 0};

    *out = (struct dhcp_message){0};
    if (length < FIXED_SIZE + sizeof(magic) || memcmp(bytes + FIXED_SIZE, magic, sizeof(magic)) != 0 ||
        bytes[0] < 1 || bytes[0] > 2 || bytes[2] > sizeof(out->hardware))
        return false;
    out->is_reply = bytes[0] == 2;
    out->hardware_type = bytes[1];
    out->hardware_size = bytes[2];
    out->transaction = read_be32(bytes + 4);
    out->seconds = read_be16(bytes + 8);
    out->flags = read_be16(bytes + 10);
    out->client_address = read_be32(bytes + 12);
    out->your_address = read_be32(bytes + 16);
    out->next_server = read_be32(bytes + 20);
    out->relay = read_be32(bytes + 24);
    memcpy(out->hardware, bytes + 28, out->hardware_size);
    if (!dhcp_read_options(bytes + FIXED_SIZE + 4, length - FIXED_SIZE - 4, out, &parts) ||
        (parts.overload & 1 && !dhcp_read_options(bytes + FILE_AT, FILE_SIZE, out, &parts)) ||
        (parts.overload & 2 && !dhcp_read_options(bytes + SNAME_AT, SNAME_SIZE, out, &parts)))
        return false;
    dhcp_read_routes(parts.routes, parts.routes_size, out);
    return out->type != 0;
}

/* --- Building --- */

struct writer {
    uint8_t *bytes;
    size_t length;
    const struct dhcp_message *message;
};

/* Whether an option of the configuration replaces this one. */
static bool dhcp_is_replaced(const struct dhcp_message *m, uint8_t code)
{
    for (size_t i = 0; i < m->option_count; i++)
        if (m->options[i].code == code)
            return true;
    return false;
}

/* An option that does not fit is omitted; the important ones are written first. One byte is reserved for the
 * end option. */
static void dhcp_put_option(struct writer *w, uint8_t code, const void *bytes, size_t size)
{
    if (size == 0 || size > 255 || size + 3 > BUILD_MAX - w->length)
        return;
    w->bytes[w->length] = code;
    w->bytes[w->length + 1] = (uint8_t)size;
    memcpy(w->bytes + w->length + 2, bytes, size);
    w->length += size + 2;
}

static void dhcp_put(struct writer *w, uint8_t code, const void *bytes, size_t size)
{
    if (!dhcp_is_replaced(w->message, code))
        dhcp_put_option(w, code, bytes, size);
}

static void dhcp_put_configured(struct writer *w)
{
    const struct dhcp_message *m = w->message;

    for (size_t i = 0; i < m->option_count; i++) {
        const struct dhcp_option *o = &m->options[i];

        if (o->force || !m->has_wanted || m->wanted[o->code / 8] & 1 << o->code % 8)
            dhcp_put_option(w, o->code, o->bytes, o->size);
    }
}

static void dhcp_put_u32(struct writer *w, uint8_t code, uint32_t value)
{
    uint8_t wire[4];

    write_be32(wire, value);
    dhcp_put(w, code, wire, value ? sizeof(wire) : 0);
}

static void dhcp_put_u16(struct writer *w, uint8_t code, uint16_t value)
{
    uint8_t wire[2];

    write_be16(wire, value);
    dhcp_put(w, code, wire, value ? sizeof(wire) : 0);
}

static void dhcp_put_addresses(struct writer *w, uint8_t code, const uint32_t *addresses, uint8_t count)
{
    uint8_t wire[4 * DHCP_ADDRESSES_MAX];

    for (uint8_t i = 0; i < count; i++)
        write_be32(wire + 4 * i, addresses[i]);
    dhcp_put(w, code, wire, (size_t)4 * count);
}

static void dhcp_put_routes(struct writer *w, const struct dhcp_message *m)
{
    uint8_t wire[9 * DHCP_ROUTES_MAX];
    size_t length = 0;

    for (uint8_t i = 0; i < m->route_count; i++) {
        const struct dhcp_route *route = &m->routes[i];

        wire[length++] = route->length;
        for (unsigned bits = 0; bits < route->length; bits += 8)
            wire[length++] = (uint8_t)(route->destination >> (24 - bits));
        write_be32(wire + length, route->gateway);
        length += 4;
    }
    dhcp_put(w, ROUTES, wire, length);
}

size_t dhcp_build(const struct dhcp_message *m, uint8_t out[DHCP_MESSAGE_MAX])
{
    static const uint8_t wanted[] = {NETMASK, ROUTES, ROUTERS,   DNS,   HOST_NAME, DOMAIN,
                                     MTU,     LEASE,  BROADCAST, RENEW, REBIND};
    struct writer w = {out, FIXED_SIZE + sizeof(magic), m};
    uint8_t type = (uint8_t)m->type;

    memset(out, 0, DHCP_MESSAGE_MAX);
    out[0] = m->is_reply ? 2 : 1;
    out[1] = m->hardware_type;
    out[2] = m->hardware_size;
    write_be32(out + 4, m->transaction);
    write_be16(out + 8, m->seconds);
    write_be16(out + 10, m->flags);
    write_be32(out + 12, m->client_address);
    write_be32(out + 16, m->your_address);
    write_be32(out + 20, m->next_server);
    write_be32(out + 24, m->relay);
    memcpy(out + 28, m->hardware, m->hardware_size);
    memcpy(out + FIXED_SIZE, magic, sizeof(magic));
    dhcp_put(&w, TYPE, &type, 1);
    dhcp_put_u32(&w, SERVER, m->server);
    dhcp_put(&w, CLIENT_ID, m->id, m->id_size);
    dhcp_put_u32(&w, REQUESTED, m->requested);
    dhcp_put_u32(&w, LEASE, m->lease_seconds);
    dhcp_put_u32(&w, RENEW, m->renew_seconds);
    dhcp_put_u32(&w, REBIND, m->rebind_seconds);
    dhcp_put_u32(&w, NETMASK, m->netmask);
    dhcp_put_u32(&w, BROADCAST, m->broadcast);
    dhcp_put_addresses(&w, ROUTERS, m->routers, m->router_count);
    dhcp_put_addresses(&w, DNS, m->dns, m->dns_count);
    dhcp_put_u16(&w, MAX_SIZE, m->max_size);
    dhcp_put_u16(&w, MTU, m->mtu);
    dhcp_put(&w, PARAMETERS, wanted, m->asks ? sizeof(wanted) : 0);
    dhcp_put_configured(&w);
    dhcp_put(&w, HOST_NAME, m->host_name, strlen(m->host_name));
    dhcp_put(&w, DOMAIN, m->domain, strlen(m->domain));
    dhcp_put_routes(&w, m);
    out[w.length++] = END;
    return w.length < BUILD_MIN ? BUILD_MIN : w.length;
}
