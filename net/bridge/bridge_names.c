/* Names of containers, from their leases: HOST, HOST.DOMAIN, and reverse names of addresses. */
#include <string.h>
#include <time.h>

#include "net/bridge/bridge_internal.h"

/* The host part of a name that could be the name of a container; false if the query is to be forwarded.
 * `certain`: no other server can know the name. */
static bool names_host_part(const struct bridge_settings *s, const char *name, char host[DNS_NAME_SIZE],
                            bool *certain)
{
    size_t length = strlen(name), domain = strlen(s->domain);

    *certain = false;
    if (domain && length > domain + 1 && name[length - domain - 1] == '.' &&
        strcmp(name + length - domain, s->domain) == 0) {
        length -= domain + 1;
        *certain = true;
    }
    memcpy(host, name, length);
    host[length] = '\0';
    return *certain || (length > 0 && !strchr(name, '.'));
}

/* Whether a rule applies to the name. */
static bool names_match(const struct bridge_name *n, const char *name)
{
    size_t length = strlen(name), end = strlen(n->name);

    if (end == 0)
        return true;
    if (length < end || strcmp(name + length - end, n->name) != 0)
        return false;
    return length == end ? !n->below : name[length - end - 1] == '.';
}

static void names_add_address(const struct bridge_name *n, uint16_t type, struct dns_record *records,
                              size_t *count)
{
    struct dns_record *r = &records[*count];

    if (*count == DNS_RECORDS_MAX)
        return;
    *r = (struct dns_record){.type = type};
    memcpy(r->address, n->address, type == DNS_A ? 4 : 16);
    (*count)++;
}

/*
 * The answer of the longest matching name in LXC_DHCP_CONFILE that has an address of this type; -1: no match.
 */
static int names_lookup_configured(const struct bridge_hosts *h, const struct dns_question *q,
                                   struct dns_record *records, size_t *count)
{
    bool four = q->type == DNS_A || q->type == DNS_ANY, six = q->type == DNS_AAAA || q->type == DNS_ANY;
    const struct bridge_name *best = NULL;

    for (size_t i = 0; i < h->name_count; i++) {
        const struct bridge_name *n = &h->names[i];

        if ((n->ipv4 && four) || (n->ipv6 && six) || !(n->ipv4 || n->ipv6))
            if (names_match(n, q->name) && (!best || strlen(n->name) > strlen(best->name)))
                best = n;
    }
    if (!best)
        return -1;
    if (!best->ipv4 && !best->ipv6)
        return DNS_NO_SUCH_NAME;
    for (size_t i = 0; i < h->name_count; i++) {
        const struct bridge_name *n = &h->names[i];

        if (strcmp(n->name, best->name) != 0 || n->below != best->below)
            continue;
        if (n->ipv4 && four)
            names_add_address(n, DNS_A, records, count);
        if (n->ipv6 && six)
            names_add_address(n, DNS_AAAA, records, count);
    }
    return DNS_NO_ERROR;
}

/* The answer for a name that no container has. */
static int names_unknown(const struct bridge_server *s, const struct dns_question *q, bool certain,
                         struct dns_record *records, size_t *count)
{
    int code = names_lookup_configured(&s->hosts, q, records, count);

    return code < 0 && certain ? DNS_NO_SUCH_NAME : code;
}

static int names_lookup_name(struct bridge_server *s, const struct dns_question *q, int64_t now,
                             struct dns_record *records, size_t *count)
{
    char host[DNS_NAME_SIZE];
    const struct lease *l;
    bool certain;

    if (s->settings->domain[0] && strcmp(q->name, s->settings->domain) == 0)
        return DNS_NO_ERROR; /* it exists and has no records */
    if (!names_host_part(s->settings, q->name, host, &certain))
        return names_unknown(s, q, false, records, count);
    l = lease_of_name(&s->dhcp_server.leases, host, now);
    if (!l)
        return names_unknown(s, q, certain, records, count);
    if (q->type == DNS_A || q->type == DNS_ANY)
        records[(*count)++] =
            (struct dns_record){.type = DNS_A,
                                .address = {(uint8_t)(l->address >> 24), (uint8_t)(l->address >> 16),
                                            (uint8_t)(l->address >> 8), (uint8_t)l->address}};
    if (q->type == DNS_AAAA || q->type == DNS_ANY)
        bridge_neighbours_find(s, l, records, count);
    return DNS_NO_ERROR;
}

/* Whether an address is in a network of the bridge, and the lease of the container that has it, or NULL. */
static bool names_find_lease(struct bridge_server *s, const uint8_t *bytes, size_t size, int64_t now,
                             const struct lease **out)
{
    const struct bridge_settings *c = s->settings;
    uint32_t address =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];

    if (size == 16)
        return bridge_neighbours_lease(s, bytes, now, out);
    if (size != 4 || (address & c->netmask) != (c->address & c->netmask))
        return false;
    *out = lease_of_address(&s->dhcp_server.leases, address);
    return true;
}

static int names_lookup_address(struct bridge_server *s, const struct dns_question *q, int64_t now,
                                struct dns_record *records, size_t *count)
{
    const struct bridge_settings *settings = s->settings;
    const struct lease *l = NULL;
    uint8_t bytes[16] = {0};
    size_t length = dns_reverse(q->name, bytes);

    if (!names_find_lease(s, bytes, length, now, &l))
        return -1;
    if (!l || !lease_active(l, now) || !l->host_name[0])
        return DNS_NO_SUCH_NAME;
    records[0] = (struct dns_record){.type = DNS_PTR};
    length = strlen(l->host_name);
    memcpy(records[0].name, l->host_name, length + 1);
    if (settings->domain[0] && length + 1 + strlen(settings->domain) < sizeof(records[0].name)) {
        records[0].name[length++] = '.';
        strcpy(records[0].name + length, settings->domain);
    }
    *count = 1;
    return DNS_NO_ERROR;
}

int bridge_names_lookup(void *context, const struct dns_question *q, struct dns_record *records,
                        size_t *count)
{
    struct bridge_server *s = context;
    int64_t now = time(NULL);

    if (!q->name[0])
        return -1;
    if (q->type == DNS_PTR)
        return names_lookup_address(s, q, now, records, count);
    return names_lookup_name(s, q, now, records, count);
}
