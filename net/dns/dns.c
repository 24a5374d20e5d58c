#include "net/dns/dns.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/base/str.h"

/* RFC 1035, 4.1.1: bits of the two bytes of flags. */
#define RESPONSE            0x80 /* first byte */
#define OPCODE              0x78
#define AUTHORITATIVE       0x04
#define RECURSION_DESIRED   0x01
#define RECURSION_AVAILABLE 0x80 /* second byte */
#define CODE                0x0f

uint16_t dns_id(const uint8_t *message)
{
    return read_be16(message);
}

void dns_set_id(uint8_t *message, uint16_t id)
{
    write_be16(message, id);
}

enum dns_code dns_reply_code(const uint8_t *message)
{
    return message[3] & CODE;
}

static uint8_t dns_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool dns_is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Parse the name at `at`. Returns its size on the wire, or 0 if it is malformed, compressed or too long. */
static size_t dns_read_name(const uint8_t *bytes, size_t length, size_t at, char out[DNS_NAME_SIZE])
{
    size_t start = at, text = 0;
    bool plain = true;

    for (;;) {
        size_t label;

        if (at >= length || bytes[at] > 63)
            return 0;
        label = bytes[at++];
        if (label == 0)
            break;
        if (label > length - at || at + label - start > 254)
            return 0;
        if (text)
            out[text++] = '.';
        for (size_t i = 0; i < label; i++) {
            uint8_t c = dns_lower(bytes[at + i]);

            plain &= dns_is_plain(c);
            out[text++] = (char)c;
        }
        at += label;
    }
    out[plain ? text : 0] = '\0';
    return at - start;
}

/* Whether the record at `at` is an OPT. Usually it is the first and only record. */
static bool dns_is_opt(const uint8_t *bytes, size_t length, size_t at)
{
    return length - at >= 11 && bytes[at] == 0 && read_be16(bytes + at + 1) == DNS_OPT;
}

int dns_parse_query(const uint8_t *bytes, size_t length, struct dns_question *out)
{
    size_t name;

    *out = (struct dns_question){0};
    if (length < DNS_HEADER_SIZE || bytes[2] & RESPONSE)
        return -1;
    out->id = read_be16(bytes);
    if (bytes[2] & OPCODE)
        return DNS_NOT_IMPLEMENTED;
    if (read_be16(bytes + 4) != 1)
        return DNS_FORMAT_ERROR;
    name = dns_read_name(bytes, length, DNS_HEADER_SIZE, out->name);
    if (name == 0 || length - DNS_HEADER_SIZE - name < 4)
        return DNS_FORMAT_ERROR;
    out->size = DNS_HEADER_SIZE + name + 4;
    out->type = read_be16(bytes + out->size - 4);
    out->class = read_be16(bytes + out->size - 2);
    out->edns = read_be16(bytes + 10) > 0 && dns_is_opt(bytes, length, out->size);
    return 0;
}

bool dns_is_reply(const uint8_t *reply, size_t reply_length, const uint8_t *query, size_t query_length,
                  uint16_t id)
{
    struct dns_question q;

    if (reply_length < DNS_HEADER_SIZE || !(reply[2] & RESPONSE) || read_be16(reply) != id ||
        dns_parse_query(query, query_length, &q) != 0)
        return false;
    /* Error responses may omit the question. */
    if (read_be16(reply + 4) == 0)
        return reply_length == DNS_HEADER_SIZE && dns_reply_code(reply) != DNS_NO_ERROR;
    if (read_be16(reply + 4) != 1 || reply_length < q.size)
        return false;
    /* Servers may change the case of letters; length bytes are not in the range of letters. */
    for (size_t i = DNS_HEADER_SIZE; i < q.size; i++)
        if (i < q.size - 4 ? dns_lower(reply[i]) != dns_lower(query[i]) : reply[i] != query[i])
            return false;
    return true;
}

/* --- Building --- */

size_t dns_write_name(const char *name, uint8_t *out, size_t room)
{
    size_t at = 0;

    while (*name) {
        size_t label = strcspn(name, ".");

        if (label == 0 || label > 63 || label + 2 > room - at)
            return 0;
        out[at++] = (uint8_t)label;
        memcpy(out + at, name, label);
        at += label;
        name += label + (name[label] == '.');
    }
    out[at++] = 0;
    return at;
}

/* Write one record for the name of the question. Returns its size, or 0 if it does not fit. */
static size_t dns_write_record(const struct dns_record *r, uint8_t *out, size_t room)
{
    uint8_t data[DNS_NAME_SIZE + 1];
    size_t size = r->type == DNS_A ? 4 : 16;

    if (r->type == DNS_PTR)
        size = dns_write_name(r->name, data, sizeof(data));
    else
        memcpy(data, r->address, size);
    if (size == 0 || size + 12 > room)
        return 0;
    write_be16(out, 0xc000 | DNS_HEADER_SIZE); /* a pointer to the name of the question */
    write_be16(out + 2, r->type);
    write_be16(out + 4, 1);
    memset(out + 6, 0, 4); /* a TTL of 0: leases change at any time */
    write_be16(out + 10, (uint16_t)size);
    memcpy(out + 12, data, size);
    return size + 12;
}

static void dns_write_header(const uint8_t *query, enum dns_code code, uint8_t *out)
{
    memset(out, 0, DNS_HEADER_SIZE);
    memcpy(out, query, 2);
    out[2] = (uint8_t)(RESPONSE | (query[2] & (OPCODE | RECURSION_DESIRED)));
    out[3] = (uint8_t)(RECURSION_AVAILABLE | code);
}

size_t dns_build_reply(const uint8_t *query, const struct dns_question *q, enum dns_code code,
                       bool authoritative, const struct dns_record *records, size_t count,
                       uint8_t out[DNS_REPLY_MAX])
{
    static const uint8_t opt[11] = {0, 0, DNS_OPT, DNS_REPLY_MAX >> 8, DNS_REPLY_MAX & 255};
    size_t most = q->edns ? DNS_REPLY_MAX - sizeof(opt) : 512, at = q->size;
    uint16_t written = 0;

    dns_write_header(query, code, out);
    out[2] |= authoritative ? AUTHORITATIVE : 0;
    write_be16(out + 4, 1);
    memcpy(out + DNS_HEADER_SIZE, query + DNS_HEADER_SIZE, q->size - DNS_HEADER_SIZE);
    for (size_t i = 0; i < count; i++) {
        size_t size = dns_write_record(&records[i], out + at, most - at);

        written = (uint16_t)(written + (size > 0));
        at += size;
    }
    write_be16(out + 6, written);
    if (q->edns) {
        write_be16(out + 10, 1);
        memcpy(out + at, opt, sizeof(opt));
        at += sizeof(opt);
    }
    return at;
}

size_t dns_build_error(const uint8_t *query, enum dns_code code, uint8_t out[DNS_HEADER_SIZE])
{
    dns_write_header(query, code, out);
    return DNS_HEADER_SIZE;
}

/* --- Reverse names --- */

static size_t dns_reverse4(const char *name, uint8_t address[16])
{
    for (int i = 3; i >= 0; i--) {
        unsigned value = 0;
        size_t digits = strspn(name, "0123456789");

        if (digits == 0 || digits > 3 || name[digits] != '.')
            return 0;
        for (size_t k = 0; k < digits; k++)
            value = value * 10 + (unsigned)(name[k] - '0');
        if (value > 255)
            return 0;
        address[i] = (uint8_t)value;
        name += digits + 1;
    }
    return strcmp(name, "in-addr.arpa") == 0 ? 4 : 0;
}

static size_t dns_reverse6(const char *name, uint8_t address[16])
{
    for (int i = 31; i >= 0; i--, name += 2) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = name[0] ? strchr(digits, name[0]) : NULL;

        if (!digit || name[1] != '.')
            return 0;
        if (i % 2)
            address[i / 2] = (uint8_t)(digit - digits);
        else
            address[i / 2] |= (uint8_t)((digit - digits) << 4);
    }
    return strcmp(name, "ip6.arpa") == 0 ? 16 : 0;
}

size_t dns_reverse(const char *name, uint8_t address[16])
{
    return ends_with(name, ".in-addr.arpa") ? dns_reverse4(name, address)
           : ends_with(name, ".ip6.arpa")   ? dns_reverse6(name, address)
                                            : 0;
}
