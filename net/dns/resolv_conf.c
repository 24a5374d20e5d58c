#include "net/dns/resolv_conf.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

#include "net/dns/dns.h"

socklen_t socket_address_size(const union socket_address *a)
{
    return a->any.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

bool socket_address_same_host(const union socket_address *a, const union socket_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    return a->any.sa_family == AF_INET6
               ? memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0
               : a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

static bool resolv_conf_parse_server(char *word, union socket_address *out)
{
    char *scope = strchr(word, '%');

    *out = (union socket_address){0};
    if (inet_pton(AF_INET, word, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(DNS_PORT);
        return true;
    }
    if (scope)
        *scope++ = '\0';
    if (inet_pton(AF_INET6, word, &out->v6.sin6_addr) != 1)
        return false;
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(DNS_PORT);
    out->v6.sin6_scope_id = scope ? if_nametoindex(scope) : 0;
    return true;
}

void resolv_conf_parse(const char *text, struct resolv_conf *out)
{
    static const char key[] = "nameserver";

    out->count = 0;
    for (; *text && out->count < RESOLV_SERVERS_MAX; text += strcspn(text, "\n"), text += *text == '\n') {
        char word[80];
        const char *at = text + sizeof(key) - 1;
        size_t length;

        if (!starts_with(text, key) || (*at != ' ' && *at != '\t'))
            continue;
        at += strspn(at, " \t");
        length = strcspn(at, " \t\r\n");
        if (length >= sizeof(word))
            continue;
        memcpy(word, at, length);
        word[length] = '\0';
        out->count += resolv_conf_parse_server(word, &out->servers[out->count]);
    }
}

int resolv_conf_write(struct strbuf *out, const uint32_t *servers, size_t count, const char *domain)
{
    int r = domain[0] ? strbuf_printf(out, "search %s\n", domain) : 0;

    for (size_t i = 0; r == 0 && i < count; i++)
        r = strbuf_printf(out, "nameserver %u.%u.%u.%u\n", servers[i] >> 24, servers[i] >> 16 & 255,
                          servers[i] >> 8 & 255, servers[i] & 255);
    return r;
}
