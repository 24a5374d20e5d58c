#include "net/bridge/bridge_settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "net/link/link.h"

#define FILE_MAX      65536 /* bytes */
#define LEASE_SECONDS 3600

/* The address that LXC 7 assigns to the bridge if LXC_IPV6_ENABLE is true, with masquerading. */
#define IPV6_DEFAULT_ADDRESS "fc42:5009:ba4b:5ab0::1"

/* The settings of the lxc-net of stock LXC, with its defaults; NULL: derived from the others. */
enum {
    USE_BRIDGE,
    BRIDGE,
    MAC,
    ADDR,
    NETMASK,
    NETWORK,
    DHCP_RANGE,
    DHCP_MAX,
    DHCP_PORT_MAX,
    DHCP_CONFILE,
    DHCP_PING,
    DOMAIN,
    USE_NFT,
    IPV6_ENABLE,
    IPV6_ADDR,
    IPV6_MASK,
    IPV6_NETWORK,
    IPV6_NAT,
    KEYS
};

static const struct {
    const char *name, *value;
} keys[KEYS] = {
    [USE_BRIDGE] = {"USE_LXC_BRIDGE", "true"},
    [BRIDGE] = {"LXC_BRIDGE", "lxcbr0"},
    [MAC] = {"LXC_BRIDGE_MAC", "00:16:3e:00:00:00"},
    [ADDR] = {"LXC_ADDR", "10.0.3.1"},
    [NETMASK] = {"LXC_NETMASK", "255.255.255.0"},
    [NETWORK] = {"LXC_NETWORK", NULL},
    [DHCP_RANGE] = {"LXC_DHCP_RANGE", NULL},
    [DHCP_MAX] = {"LXC_DHCP_MAX", NULL},
    [DHCP_PORT_MAX] = {"LXC_DHCP_PORT_MAX", "16"},
    [DHCP_CONFILE] = {"LXC_DHCP_CONFILE", ""},
    [DHCP_PING] = {"LXC_DHCP_PING", "true"},
    [DOMAIN] = {"LXC_DOMAIN", ""},
    [USE_NFT] = {"LXC_USE_NFT", "true"},
    [IPV6_ENABLE] = {"LXC_IPV6_ENABLE", NULL},
    [IPV6_ADDR] = {"LXC_IPV6_ADDR", ""},
    [IPV6_MASK] = {"LXC_IPV6_MASK", "64"},
    [IPV6_NETWORK] = {"LXC_IPV6_NETWORK", NULL},
    [IPV6_NAT] = {"LXC_IPV6_NAT", "false"},
};

struct word {
    char *text; /* NULL: not set */
    const char *file;
    unsigned line;
};

static void settings_warn(struct string_list *warnings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void settings_warn(struct string_list *warnings, const char *format, ...)
{
    char buffer[PATH_MAX + 200];
    va_list args;

    va_start(args, format);
    vsnprintf(buffer, sizeof(buffer), format, args);
    va_end(args);
    string_list_add(warnings, buffer); /* when out of memory, the warning is lost */
}

/* --- Shell syntax --- */

/* A plain value as sh(1) reads it: quotes are removed, a comment ends it. NULL if the shell would do more
 * than that, or when out of memory. */
static char *settings_read_value(const char *text)
{
    cleanup_strbuf struct strbuf out = STRBUF_INIT;
    char quote = 0;

    for (; *text; text++) {
        if (quote ? *text == quote : *text == '"' || *text == '\'') {
            quote = quote ? 0 : *text;
            continue;
        }
        if (!quote && (*text == ' ' || *text == '\t' || *text == ';' || *text == '\r'))
            break;
        if (quote != '\'' && (*text == '$' || *text == '`' || *text == '\\'))
            return NULL;
        if (strbuf_add(&out, text, 1) < 0)
            return NULL;
    }
    text += strspn(text, " \t;\r");
    if (quote || (*text && *text != '#'))
        return NULL;
    return strbuf_take(&out);
}

static int settings_read_line(const char *line, const char *file, unsigned number, struct word words[KEYS],
                              struct string_list *warnings, struct error *err)
{
    size_t length;

    line += strspn(line, " \t");
    if (starts_with(line, "export "))
        line += strlen("export ");
    length = strcspn(line, "=");
    for (int i = 0; i < KEYS; i++) {
        char *value;

        if (strlen(keys[i].name) != length || strncmp(line, keys[i].name, length) != 0 || !line[length])
            continue;
        value = settings_read_value(line + length + 1);
        if (!value) {
            error_text(err, EINVAL, "%s:%u: the value of %s is not plain text", file, number, keys[i].name);
            return error_remedy(err, "write the value without shell variables and commands");
        }
        free(words[i].text);
        words[i] = (struct word){value, file, number};
        return 0;
    }
    if (line[length] && ends_with(file, "lxc-net") &&
        (starts_with(line, "LXC_") || starts_with(line, "USE_LXC_")))
        settings_warn(warnings, "%s:%u: %.*s is not known and has no effect", file, number, (int)length,
                      line);
    return 0;
}

static int settings_read_file(const char *file, struct word words[KEYS], struct string_list *warnings,
                              struct error *err)
{
    cleanup_free char *text = NULL;
    char *rest, *line;
    int r = file_read(AT_FDCWD, file, FILE_MAX, &text, NULL);

    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return error_set(err, r, "cannot read %s", file);
    rest = text;
    for (unsigned number = 1; r == 0 && (line = strsep(&rest, "\n")); number++)
        r = settings_read_line(line, file, number, words, warnings, err);
    return r;
}

/* --- From text to values --- */

static const char *settings_word(const struct word *words, int key)
{
    return words[key].text ? words[key].text : keys[key].value;
}

static int settings_bad(const struct word *words, int key, struct error *err, const char *wanted)
{
    if (words[key].text)
        return error_text(err, EINVAL, "%s:%u: %s is \"%s\", which is not %s", words[key].file,
                          words[key].line, keys[key].name, words[key].text, wanted);
    return error_text(err, EINVAL, "%s is to be set to %s", keys[key].name, wanted);
}

static int settings_read_address(const struct word *words, int key, const char *text, uint32_t *out,
                                 struct error *err)
{
    struct in_addr address;

    if (inet_pton(AF_INET, text, &address) != 1)
        return settings_bad(words, key, err, "an IPv4 address");
    *out = ntohl(address.s_addr);
    return 0;
}

/* "ADDRESS/LENGTH" into `address` (4 or 16 bytes) and the length. */
static int settings_read_prefix(const char *text, int family, void *address, uint8_t *length)
{
    char copy[64], *slash;
    int64_t value;

    if (strlen(text) >= sizeof(copy))
        return -EINVAL;
    strcpy(copy, text);
    slash = strchr(copy, '/');
    if (!slash)
        return -EINVAL;
    *slash = '\0';
    if (inet_pton(family, copy, address) != 1 ||
        parse_int64(slash + 1, 10, 1, family == AF_INET ? 32 : 128, &value) < 0)
        return -EINVAL;
    *length = (uint8_t)value;
    return 0;
}

static int settings_read_bool(const struct word *words, int key, bool *out, struct error *err)
{
    const char *text = settings_word(words, key);

    *out = strcmp(text, "true") == 0;
    return *out || strcmp(text, "false") == 0 || !*text ? 0 : settings_bad(words, key, err, "true or false");
}

static int settings_read_range(const struct word *words, struct bridge_settings *s, struct error *err)
{
    const char *text = settings_word(words, DHCP_RANGE);
    cleanup_free char *copy = NULL;
    char *rest, *first, *last, *time;
    int r;

    s->lease_seconds = LEASE_SECONDS;
    if (!text) { /* the whole network; without the address of the bridge if that is the first */
        s->first = (s->address & s->netmask) + 1;
        s->first += s->first == s->address;
        s->last = (s->address | ~s->netmask) - 1;
        return 0;
    }
    rest = copy = strdup(text);
    if (!copy)
        return error_set(err, ENOMEM, "cannot read the settings");
    first = strsep(&rest, ",");
    last = strsep(&rest, ",");
    time = strsep(&rest, ",");
    if (!first || !last || rest)
        return settings_bad(words, DHCP_RANGE, err, "FIRST,LAST or FIRST,LAST,TIME");
    r = settings_read_address(words, DHCP_RANGE, first, &s->first, err);
    if (r == 0)
        r = settings_read_address(words, DHCP_RANGE, last, &s->last, err);
    if (r == 0 && time && dhcp_seconds_parse(time, &s->lease_seconds) < 0)
        r = settings_bad(words, DHCP_RANGE, err, "FIRST,LAST,TIME with a time like 12h");
    if (r == 0 && (s->first > s->last || (s->first & s->netmask) != (s->address & s->netmask) ||
                   (s->last & s->netmask) != (s->address & s->netmask)))
        r = settings_bad(words, DHCP_RANGE, err, "a range of addresses of the bridge's network");
    return r;
}

static int settings_read_ipv4(const struct word *words, struct bridge_settings *s, struct error *err)
{
    const char *network = settings_word(words, NETWORK), *most = settings_word(words, DHCP_MAX);
    struct in_addr parsed;
    int64_t number;
    int r = settings_read_address(words, ADDR, settings_word(words, ADDR), &s->address, err);

    if (r == 0)
        r = settings_read_address(words, NETMASK, settings_word(words, NETMASK), &s->netmask, err);
    if (r < 0)
        return r;
    if (!s->netmask || (~s->netmask & (~s->netmask + 1)) || s->netmask > 0xfffffffcU)
        return settings_bad(words, NETMASK, err, "the netmask of a network with hosts, like 255.255.255.0");
    s->network = s->address & s->netmask;
    s->network_length = (uint8_t)__builtin_popcount(s->netmask);
    if (network && *network) {
        if (settings_read_prefix(network, AF_INET, &parsed, &s->network_length) < 0)
            return settings_bad(words, NETWORK, err, "a network like 10.0.3.0/24");
        s->network = ntohl(parsed.s_addr);
    }
    r = settings_read_range(words, s, err);
    if (r < 0)
        return r;
    s->max_leases = (size_t)s->last - s->first + 1;
    if (most && *most) {
        if (parse_int64(most, 10, 0, INT32_MAX, &number) < 0)
            return settings_bad(words, DHCP_MAX, err, "a number");
        s->max_leases = (size_t)number;
    }
    most = settings_word(words, DHCP_PORT_MAX);
    if (parse_int64(most, 10, 0, INT32_MAX, &number) < 0)
        return settings_bad(words, DHCP_PORT_MAX, err, "a number; 0: no limit");
    s->port_leases = (size_t)number;
    return 0;
}

static int settings_read_ipv6(const struct word *words, struct bridge_settings *s, struct error *err)
{
    const char *network = settings_word(words, IPV6_NETWORK), *length = settings_word(words, IPV6_MASK);
    const char *address = settings_word(words, IPV6_ADDR);
    bool enabled = *address != '\0', by_default = false;
    int64_t number;

    if (words[IPV6_ENABLE].text) {
        int r = settings_read_bool(words, IPV6_ENABLE, &enabled, err);

        if (r < 0)
            return r;
        by_default = !words[IPV6_ADDR].text;
        if (by_default)
            address = IPV6_DEFAULT_ADDRESS;
    }
    s->ipv6 = enabled && *address;
    if (!s->ipv6)
        return 0;
    if (inet_pton(AF_INET6, address, &s->address6) != 1)
        return settings_bad(words, IPV6_ADDR, err, "an IPv6 address");
    if (parse_int64(*length ? length : "64", 10, 1, 127, &number) < 0)
        return settings_bad(words, IPV6_MASK, err, "a number of bits, usually 64");
    s->length6 = s->network6_length = (uint8_t)number;
    s->network6 = s->address6;
    if (s->length6 != 64)
        settings_warn(&s->warnings,
                      "hosts configure their own addresses only from a prefix of 64 bits, not of %u",
                      s->length6);
    if (network && *network && settings_read_prefix(network, AF_INET6, &s->network6, &s->network6_length) < 0)
        return settings_bad(words, IPV6_NETWORK, err, "a network like fd00:3::/64");
    s->nat6 = by_default;
    return by_default && !words[IPV6_NAT].text ? 0 : settings_read_bool(words, IPV6_NAT, &s->nat6, err);
}

static int settings_read_rest(const struct word *words, struct bridge_settings *s, struct error *err)
{
    uint8_t hardware[LINK_ADDRESS_MAX];
    bool use_nft;
    int r = settings_read_bool(words, USE_BRIDGE, &s->use_bridge, err);

    if (r == 0)
        r = settings_read_bool(words, USE_NFT, &use_nft, err);
    if (r < 0)
        return r;
    if (!use_nft)
        settings_warn(&s->warnings, "LXC_USE_NFT=false has no effect: masquerading is done with nftables");
    if (!link_name_valid(settings_word(words, BRIDGE)))
        return settings_bad(words, BRIDGE, err, "a name for a network interface");
    strcpy(s->bridge, settings_word(words, BRIDGE));
    if (link_address_parse(settings_word(words, MAC), hardware) != 6 || hardware[0] & 1)
        return settings_bad(words, MAC, err, "a hardware address like 00:16:3e:00:00:00");
    memcpy(s->hardware, hardware, 6);
    if (strlen(settings_word(words, DHCP_CONFILE)) >= sizeof(s->dhcp_file))
        return settings_bad(words, DHCP_CONFILE, err, "a path");
    strcpy(s->dhcp_file, settings_word(words, DHCP_CONFILE));
    if (settings_word(words, DOMAIN)[0] && !dhcp_domain_valid(settings_word(words, DOMAIN)))
        return settings_bad(words, DOMAIN, err, "a domain name");
    for (size_t i = 0; settings_word(words, DOMAIN)[i]; i++) {
        char c = settings_word(words, DOMAIN)[i];
        s->domain[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return 0;
}

int bridge_settings_read(const char *const *files, size_t count, struct bridge_settings *out,
                         struct error *err)
{
    struct word words[KEYS] = {{NULL, NULL, 0}};
    int r = 0;

    *out = (struct bridge_settings){0};
    for (size_t i = 0; r == 0 && i < count; i++)
        r = settings_read_file(files[i], words, &out->warnings, err);
    if (r == 0)
        r = settings_read_rest(words, out, err);
    if (r == 0)
        r = settings_read_ipv4(words, out, err);
    if (r == 0)
        r = settings_read_ipv6(words, out, err);
    for (int i = 0; i < KEYS; i++) {
        char *text = words[i].text, quote = text && strchr(text, '\'') ? '"' : '\'';

        if (r == 0 && text && strbuf_printf(&out->lines, "%s=%c%s%c\n", keys[i].name, quote, text, quote) < 0)
            r = error_set(err, ENOMEM, "cannot read the settings");
        free(text);
    }
    if (r < 0)
        bridge_settings_free(out);
    return r;
}

int bridge_settings_read_default(struct bridge_settings *out, struct error *err)
{
    static const char *const files[] = {"/etc/default/lxc", "/etc/default/lxc-net"};

    return bridge_settings_read(files, ARRAY_LENGTH(files), out, err);
}

void bridge_settings_free(struct bridge_settings *s)
{
    strbuf_free(&s->lines);
    string_list_clear(&s->warnings);
}
