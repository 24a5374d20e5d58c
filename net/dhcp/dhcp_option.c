#include "net/dhcp/dhcp_option.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "net/dhcp/dhcp.h"
#include "net/dhcp/dhcp_host.h"
#include "net/dns/dns.h"

/* The types of the values of an option. */
enum kind { GUESSED, ADDRESSES, U8, U16, U32, SECONDS, TEXT, DOMAINS, ROUTES };

/* The names are those that "dnsmasq --help dhcp" lists. */
static const struct {
    uint8_t code, kind;
    char name[26];
} known[] = {
    {1, ADDRESSES, "netmask"},
    {2, U32, "time-offset"},
    {3, ADDRESSES, "router"},
    {6, ADDRESSES, "dns-server"},
    {7, ADDRESSES, "log-server"},
    {9, ADDRESSES, "lpr-server"},
    {13, U16, "boot-file-size"},
    {15, TEXT, "domain-name"},
    {16, ADDRESSES, "swap-server"},
    {17, TEXT, "root-path"},
    {18, TEXT, "extension-path"},
    {19, U8, "ip-forward-enable"},
    {20, U8, "non-local-source-routing"},
    {21, ADDRESSES, "policy-filter"},
    {22, U16, "max-datagram-reassembly"},
    {23, U8, "default-ttl"},
    {26, U16, "mtu"},
    {27, U8, "all-subnets-local"},
    {28, ADDRESSES, ""},
    {31, U8, "router-discovery"},
    {32, ADDRESSES, "router-solicitation"},
    {33, ADDRESSES, "static-route"},
    {34, U8, "trailer-encapsulation"},
    {35, U32, "arp-timeout"},
    {36, U8, "ethernet-encap"},
    {37, U8, "tcp-ttl"},
    {38, U32, "tcp-keepalive"},
    {40, TEXT, "nis-domain"},
    {41, ADDRESSES, "nis-server"},
    {42, ADDRESSES, "ntp-server"},
    {44, ADDRESSES, "netbios-ns"},
    {45, ADDRESSES, "netbios-dd"},
    {46, U8, "netbios-nodetype"},
    {47, TEXT, "netbios-scope"},
    {48, ADDRESSES, "x-windows-fs"},
    {49, ADDRESSES, "x-windows-dm"},
    {58, SECONDS, "T1"},
    {59, SECONDS, "T2"},
    {60, TEXT, "vendor-class"},
    {64, TEXT, "nis+-domain"},
    {65, ADDRESSES, "nis+-server"},
    {66, TEXT, "tftp-server"},
    {67, TEXT, "bootfile-name"},
    {68, ADDRESSES, "mobile-ip-home"},
    {69, ADDRESSES, "smtp-server"},
    {70, ADDRESSES, "pop3-server"},
    {71, ADDRESSES, "nntp-server"},
    {74, ADDRESSES, "irc-server"},
    {100, TEXT, "posix-timezone"},
    {101, TEXT, "tzdb-timezone"},
    {108, U32, "ipv6-only"},
    {119, DOMAINS, "domain-search"},
    {121, ROUTES, "classless-static-route"},
    {150, ADDRESSES, "tftp-server-address"},
};

/* Options that the protocol itself sets. */
static bool option_is_internal(uint8_t code)
{
    return code == 0 || (code >= 50 && code <= 57) || code == 61 || code == 82 || code == 255;
}

static bool option_add_bytes(struct dhcp_option *o, const void *bytes, size_t size)
{
    if (size > sizeof(o->bytes) - o->size)
        return false;
    memcpy(o->bytes + o->size, bytes, size);
    o->size = (uint8_t)(o->size + size);
    return true;
}

static bool option_add_number(struct dhcp_option *o, uint32_t value, size_t size)
{
    uint32_t wire = htonl(value);

    return option_add_bytes(o, (const uint8_t *)&wire + sizeof(wire) - size, size);
}

static bool option_add_address(struct dhcp_option *o, const char *text, uint32_t self)
{
    struct in_addr address;

    if (inet_pton(AF_INET, text, &address) != 1)
        return false;
    return option_add_number(o, address.s_addr ? ntohl(address.s_addr) : self, 4);
}

/* "10.1.0.0/16": the length, and the significant bytes of the destination. */
static bool option_add_destination(struct dhcp_option *o, char *text)
{
    char *slash = strchr(text, '/');
    struct in_addr address;
    int64_t length = 32;

    if (slash)
        *slash++ = '\0';
    if (inet_pton(AF_INET, text, &address) != 1 || (slash && parse_int64(slash, 10, 0, 32, &length) < 0))
        return false;
    return option_add_number(o, (uint32_t)length, 1) &&
           option_add_bytes(o, &address, (size_t)(length + 7) / 8);
}

static bool option_add_domain(struct dhcp_option *o, const char *text)
{
    uint8_t wire[DNS_NAME_SIZE];
    size_t size = dhcp_domain_valid(text) ? dns_write_name(text, wire, sizeof(wire)) : 0;

    return size && option_add_bytes(o, wire, size);
}

/* A negative number is written as two's complement. */
static bool option_add_text_number(struct dhcp_option *o, const char *text, size_t size)
{
    int64_t most = (INT64_C(1) << 8 * size) - 1, value;

    return parse_int64(text, 10, -(most / 2) - 1, most, &value) == 0 &&
           option_add_number(o, (uint32_t)value, size);
}

static bool option_add_seconds(struct dhcp_option *o, const char *text)
{
    uint32_t seconds;

    return dhcp_seconds_parse(text, &seconds) == 0 && option_add_number(o, seconds, 4);
}

static bool option_add_value(struct dhcp_option *o, enum kind kind, char *text, size_t place, uint32_t self)
{
    switch (kind) {
    case ADDRESSES:
        return option_add_address(o, text, self);
    case U8:
        return option_add_text_number(o, text, 1);
    case U16:
        return option_add_text_number(o, text, 2);
    case U32:
        return option_add_text_number(o, text, 4);
    case SECONDS:
        return option_add_seconds(o, text);
    case DOMAINS:
        return option_add_domain(o, text);
    case ROUTES:
        /* A gateway 0.0.0.0 means that the destination is on the link. */
        return place % 2 ? option_add_address(o, text, 0) : option_add_destination(o, text);
    default:
        return false;
    }
}

static bool option_add_hex(struct dhcp_option *o, const char *text)
{
    for (char *end;; text = end + 1) {
        unsigned long value = strtoul(text, &end, 16);

        if (end == text || end > text + 2 || !option_add_number(o, (uint32_t)value, 1) ||
            (*end && *end != ':'))
            return false;
        if (!*end)
            return true;
    }
}

static bool option_all_addresses(const char *text)
{
    cleanup_free char *copy = strdup(text);
    struct in_addr address;

    for (char *rest = copy, *word; (word = strsep(&rest, ","));)
        if (inet_pton(AF_INET, word, &address) != 1)
            return false;
    return copy != NULL;
}

/* An option without a known type: the type follows from its values, as in dnsmasq. */
static bool option_add_guessed(struct dhcp_option *o, char *text)
{
    int64_t value;

    if (parse_int64(text, 10, 0, UINT32_MAX, &value) == 0)
        return option_add_number(o, (uint32_t)value, value < 256 ? 1 : value < 65536 ? 2 : 4);
    if (strchr(text, ':') && text[strspn(text, "0123456789abcdefABCDEF:")] == '\0')
        return option_add_hex(o, text);
    return option_add_bytes(o, text, strlen(text));
}

/* "CODE" or "option:NAME". */
static bool option_find_code(const char *word, uint8_t *code)
{
    int64_t number;

    if (parse_int64(word, 10, 1, 254, &number) == 0) {
        *code = (uint8_t)number;
        return true;
    }
    for (size_t i = 0; starts_with(word, "option:") && i < ARRAY_LENGTH(known); i++)
        if (known[i].name[0] && strcmp(known[i].name, word + strlen("option:")) == 0) {
            *code = known[i].code;
            return true;
        }
    return false;
}

static enum kind option_kind(uint8_t code)
{
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (known[i].code == code)
            return known[i].kind;
    return GUESSED;
}

static char *option_unquote(char *text)
{
    size_t length;

    text += strspn(text, " \t");
    length = strlen(text);
    if (length < 2 || text[0] != '"' || text[length - 1] != '"')
        return text;
    text[length - 1] = '\0';
    return text + 1;
}

static const char *option_read_values(struct dhcp_option *o, char *text, uint32_t self)
{
    enum kind kind = option_kind(o->code);
    size_t place = 0;

    if (kind == GUESSED && option_all_addresses(text))
        kind = ADDRESSES;
    if (kind == GUESSED || kind == TEXT) {
        text = option_unquote(text);
        return (kind == TEXT ? option_add_bytes(o, text, strlen(text)) : option_add_guessed(o, text))
                   ? NULL
                   : "has values that do not fit into the option";
    }
    for (char *word; (word = strsep(&text, ",")); place++)
        if (!option_add_value(o, kind, option_unquote(word), place, self))
            return "has a value that this option cannot have";
    return kind == ROUTES && place % 2 ? "has a route without a gateway" : NULL;
}

const char *dhcp_option_parse(const char *text, uint32_t self, struct dhcp_option *out)
{
    cleanup_free char *copy = strdup(text);
    char *rest = copy, *word = copy ? strsep(&rest, ",") : NULL;

    *out = (struct dhcp_option){.code = 0};
    if (!word)
        return "cannot be read: out of memory";
    if (!option_find_code(word, &out->code))
        return "does not name a known DHCP option (tags, vendor classes and DHCPv6 are not supported)";
    if (option_is_internal(out->code))
        return "names an option that the DHCP server itself sets";
    return rest ? option_read_values(out, rest, self) : NULL;
}
