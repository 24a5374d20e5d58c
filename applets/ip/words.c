/* Parsing the words of a command by a table, and names for numbers. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "applets/ip/ip.h"
#include "core/base/str.h"

const struct ip_name ip_scopes[] = {
    {"global", RT_SCOPE_UNIVERSE}, {"nowhere", RT_SCOPE_NOWHERE}, {"host", RT_SCOPE_HOST},
    {"link", RT_SCOPE_LINK},       {"site", RT_SCOPE_SITE},       {NULL, 0},
};

const struct ip_name ip_tables[] = {
    {"default", RT_TABLE_DEFAULT},
    {"main", RT_TABLE_MAIN},
    {"local", RT_TABLE_LOCAL},
    {NULL, 0},
};

/* linux/rtnetlink.h, with the names in rt_protos of iproute2. */
const struct ip_name ip_protocols[] = {
    {"unspec", RTPROT_UNSPEC},
    {"redirect", RTPROT_REDIRECT},
    {"kernel", RTPROT_KERNEL},
    {"boot", RTPROT_BOOT},
    {"static", RTPROT_STATIC},
    {"gated", RTPROT_GATED},
    {"ra", RTPROT_RA},
    {"mrt", RTPROT_MRT},
    {"zebra", RTPROT_ZEBRA},
    {"bird", RTPROT_BIRD},
    {"dnrouted", RTPROT_DNROUTED},
    {"xorp", RTPROT_XORP},
    {"ntk", RTPROT_NTK},
    {"dhcp", RTPROT_DHCP},
    {"mrouted", RTPROT_MROUTED},
    {"keepalived", RTPROT_KEEPALIVED},
    {"babel", RTPROT_BABEL},
    {"openr", RTPROT_OPENR},
    {"bgp", RTPROT_BGP},
    {"isis", RTPROT_ISIS},
    {"ospf", RTPROT_OSPF},
    {"rip", RTPROT_RIP},
    {"eigrp", RTPROT_EIGRP},
    {NULL, 0},
};

const struct ip_name ip_route_types[] = {
    {"none", RTN_UNSPEC},
    {"unicast", RTN_UNICAST},
    {"local", RTN_LOCAL},
    {"broadcast", RTN_BROADCAST},
    {"anycast", RTN_ANYCAST},
    {"multicast", RTN_MULTICAST},
    {"blackhole", RTN_BLACKHOLE},
    {"unreachable", RTN_UNREACHABLE},
    {"prohibit", RTN_PROHIBIT},
    {"throw", RTN_THROW},
    {"nat", RTN_NAT},
    {"xresolve", RTN_XRESOLVE},
    {NULL, 0},
};

const char *ip_name_of(const struct ip_name *names, uint32_t value, char out[16])
{
    for (; names->name; names++)
        if (names->value == value)
            return names->name;
    snprintf(out, 16, "%u", value);
    return out;
}

const char *ip_label(const struct ip_call *c, const struct ip_name *names, uint32_t value, char out[16])
{
    static const struct ip_name none[] = {{NULL, 0}};

    return ip_name_of(c->options->numeric ? none : names, value, out);
}

const char *ip_host(const struct ip_call *c, const struct ip *ip, char out[IP_HOST_SIZE])
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    bool is_four = ip->family == AF_INET;

    memcpy(&four.sin_addr, ip->bytes, sizeof(four.sin_addr));
    memcpy(&six.sin6_addr, ip->bytes, sizeof(six.sin6_addr));
    if (!c->options->resolve ||
        getnameinfo(is_four ? (void *)&four : (void *)&six, is_four ? sizeof(four) : sizeof(six), out,
                    IP_HOST_SIZE, NULL, 0, NI_NAMEREQD) != 0)
        ip_format(ip, out);
    return out;
}

bool ip_is_show(const char *word)
{
    return ip_matches(word, "show") || ip_matches(word, "list") || ip_matches(word, "lst");
}

int ip_name_parse(const struct ip_name *names, const char *word, uint32_t *out)
{
    uint64_t number;

    for (; names->name; names++)
        if (strcmp(names->name, word) == 0) {
            *out = names->value;
            return 0;
        }
    if (parse_uint64(word, 0, UINT32_MAX, &number) < 0)
        return -EINVAL;
    *out = (uint32_t)number;
    return 0;
}

bool ip_matches(const char *word, const char *name)
{
    return word[0] && starts_with(name, word);
}

int ip_unknown(const char *word, const char *where, struct error *err)
{
    error_text(err, EINVAL, "%s does not know \"%s\"", where, word);
    return error_remedy(err, "see ip(1)");
}

int ip_prefix_word(const char *word, int family, struct ip_prefix *out, struct error *err)
{
    *out = (struct ip_prefix){{.family = family}, 0};
    if (strcmp(word, "default") == 0 || strcmp(word, "all") == 0 || strcmp(word, "any") == 0)
        return 0;
    /* 10.1/16 is short for 10.1.0.0/16, which inet_pton(3) does not support. */
    if (family != AF_INET6 && !strchr(word, ':')) {
        size_t n = strcspn(word, "/");
        unsigned dots = 0;
        char full[PREFIX_TEXT_SIZE];

        for (size_t i = 0; i < n; i++)
            dots += word[i] == '.';
        if (dots < 3 && n < 16) {
            snprintf(full, sizeof(full), "%.*s%s%s", (int)n, word, &".0.0.0"[2 * dots], word + n);
            if (prefix_parse(full, AF_INET, out) == 0)
                return 0;
        }
    }
    if (prefix_parse(word, family, out) == 0)
        return 0;
    return error_text(err, EINVAL, "\"%s\" is not an %s", word,
                      family == AF_INET    ? "IPv4 address or prefix"
                      : family == AF_INET6 ? "IPv6 address or prefix"
                                           : "address or prefix");
}

static int words_store(const struct ip_word *row, void *target, int family, char *value, struct error *err)
{
    void *member = (char *)target + row->offset;
    uint64_t number;

    switch (row->kind) {
    case WORD_STRING:
        *(const char **)member = value;
        return 0;
    case WORD_U32:
        if (parse_uint64(value, 0, UINT32_MAX, &number) < 0)
            break;
        *(uint32_t *)member = (uint32_t)number;
        return 0;
    case WORD_NAME:
        if (ip_name_parse(row->names, value, member) < 0)
            break;
        return 0;
    case WORD_ON:
        if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
            break;
        *(uint32_t *)member = strcmp(value, "on") == 0;
        return 0;
    case WORD_IP:
        if (ip_parse(value, family == AF_PACKET ? AF_UNSPEC : family, member) < 0)
            break;
        return 0;
    default:
        return ip_prefix_word(value, family == AF_PACKET ? AF_UNSPEC : family, member, err);
    }
    return error_text(err, EINVAL, "\"%s\" is not a value for %s", value, row->name);
}

static const struct ip_word *words_find(const struct ip_word *table, const char *word)
{
    for (const struct ip_word *row = table; row->kind != WORD_END; row++)
        if (strcmp(row->name, word) == 0)
            return row;
    for (const struct ip_word *row = table; row->kind != WORD_END; row++)
        if (!row->whole && ip_matches(word, row->name))
            return row;
    return NULL;
}

int ip_words(const struct ip_word *table, void *target, int family, char ***words, struct error *err)
{
    for (; **words; ++*words) {
        const struct ip_word *row = words_find(table, **words);
        int r;

        if (!row)
            return 1;
        if (row->kind == WORD_TRUE) {
            *(bool *)((char *)target + row->offset) = true;
            continue;
        }
        if (row->kind == WORD_SET) {
            *(uint32_t *)((char *)target + row->offset) = row->value;
            continue;
        }
        if (!*++*words)
            return error_text(err, EINVAL, "\"%s\" needs a value", row->name);
        r = words_store(row, target, family, **words, err);
        if (r < 0)
            return r;
    }
    return 0;
}
