#include "net/dhcp/dhcp_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "net/link/link.h"

#define OFFER_SECONDS    60  /* that an offer is held */
#define DECLINED_SECONDS 600 /* that an address which a client found in use is not given */
#define LEASE_MIN        120

/* --- Hosts --- */

int dhcp_seconds_parse(const char *text, uint32_t *out)
{
    static const struct {
        char unit;
        uint32_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    size_t length = strlen(text);
    char digits[12];
    uint32_t factor = 1;
    uint64_t value;

    if (strcmp(text, "infinite") == 0) {
        *out = DHCP_FOREVER;
        return 0;
    }
    for (size_t i = 0; length > 1 && i < ARRAY_LENGTH(units); i++)
        if (text[length - 1] == units[i].unit) {
            factor = units[i].seconds;
            length--;
            break;
        }
    if (length == 0 || length >= sizeof(digits) || text[0] < '0' || text[0] > '9')
        return -EINVAL;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (parse_uint64(digits, 10, UINT32_MAX / factor - 1, &value) < 0)
        return -EINVAL;
    *out = (uint32_t)value * factor;
    return 0;
}

static int parse_host_word(const char *word, struct dhcp_host *h)
{
    uint8_t bytes[LINK_ADDRESS_MAX];
    struct in_addr address;
    int size;

    if (strcmp(word, "ignore") == 0) {
        h->ignored = true;
    } else if (starts_with(word, "id:")) {
        size = link_address_parse(word + 3, bytes);
        if (size < 2) { /* a text identifier: the bytes of the word */
            size = (int)strlen(word + 3);
            if (size < 2 || size > DHCP_ID_MAX)
                return -EINVAL;
            memcpy(h->id, word + 3, (size_t)size);
        } else {
            memcpy(h->id, bytes, (size_t)size);
        }
        h->id_size = (uint8_t)size;
    } else if (strchr(word, ':')) {
        size = link_address_parse(word, bytes);
        if (size <= 0 || size > (int)sizeof(h->hardware))
            return -EINVAL;
        memcpy(h->hardware, bytes, (size_t)size);
        h->hardware_size = (uint8_t)size;
    } else if (inet_pton(AF_INET, word, &address) == 1) {
        h->address = ntohl(address.s_addr);
    } else if (dhcp_seconds_parse(word, &h->lease_seconds) < 0) {
        dhcp_host_name(word, strlen(word), h->host_name);
        if (!h->host_name[0])
            return -EINVAL;
    }
    return 0;
}

int dhcp_host_parse(const char *text, struct dhcp_host *out)
{
    cleanup_free char *copy = strdup(text);
    char *rest = copy, *word;

    if (!copy)
        return -EINVAL;
    *out = (struct dhcp_host){0};
    while ((word = strsep(&rest, ","))) {
        word += strspn(word, " \t");
        word[strcspn(word, " \t")] = '\0';
        if (*word && parse_host_word(word, out) < 0)
            return -EINVAL;
    }
    return out->hardware_size || out->id_size || out->host_name[0] ? 0 : -EINVAL;
}

static bool host_is(const struct dhcp_host *h, const struct lease_client *c)
{
    return (h->hardware_size && h->hardware_size == c->hardware_size &&
            memcmp(h->hardware, c->hardware, c->hardware_size) == 0) ||
           (h->id_size && h->id_size == c->id_size && memcmp(h->id, c->id, c->id_size) == 0);
}

static const struct dhcp_host *find_host(const struct dhcp_server *s, const struct lease_client *c,
                                         const char *name)
{
    for (size_t i = 0; i < s->host_count; i++)
        if (host_is(&s->hosts[i], c))
            return &s->hosts[i];
    for (size_t i = 0; name[0] && i < s->host_count; i++) {
        const struct dhcp_host *h = &s->hosts[i];

        if (!h->hardware_size && !h->id_size && strcmp(h->host_name, name) == 0)
            return h;
    }
    return NULL;
}

/* --- One exchange --- */

struct exchange {
    struct dhcp_server *server;
    const struct dhcp_message *request;
    struct lease_client client;
    const struct dhcp_host *host; /* NULL: none is configured */
    int64_t now;
    struct dhcp_answer *out;
};

/* Addresses that are not given to anybody who asks: the server's own, those of configured hosts. */
static bool excluded(const void *context, uint32_t address)
{
    const struct exchange *x = context;

    if (address == x->server->address)
        return true;
    for (size_t i = 0; i < x->server->host_count; i++)
        if (x->server->hosts[i].address == address && &x->server->hosts[i] != x->host)
            return true;
    return false;
}

static bool on_link(const struct dhcp_server *s, uint32_t address)
{
    uint32_t host = address & ~s->netmask;

    return (address & s->netmask) == (s->address & s->netmask) && host != 0 && host != ~s->netmask;
}

/* Whether nobody else has it. */
static bool is_free(const struct exchange *x, uint32_t address)
{
    struct lease *l = lease_of_address(&x->server->leases, address);

    return !l || lease_client_equal(&l->client, &x->client) || lease_free_for_others(l, x->now);
}

/* The address that is configured for the client, once whoever had it before has left it; else 0. */
static uint32_t own_address(const struct exchange *x)
{
    uint32_t address = x->host ? x->host->address : 0;

    return address && on_link(x->server, address) && is_free(x, address) ? address : 0;
}

/* Whether this client may have this address now. */
static bool may_have(const struct exchange *x, uint32_t address)
{
    const struct lease_table *t = &x->server->leases;
    uint32_t own = own_address(x);

    if (own)
        return address == own;
    return address >= t->first && address <= t->last && on_link(x->server, address) &&
           !excluded(x, address) && is_free(x, address);
}

static uint32_t choose(const struct exchange *x)
{
    struct lease_table *t = &x->server->leases;
    struct lease *own = lease_of_client(t, &x->client);

    if (own_address(x))
        return own_address(x);
    if (own && may_have(x, own->address))
        return own->address;
    if (x->request->requested && may_have(x, x->request->requested))
        return x->request->requested;
    return lease_choose(t, &x->client, x->now, excluded, x);
}

static uint32_t lease_seconds(const struct exchange *x)
{
    uint32_t seconds = x->host && x->host->lease_seconds ? x->host->lease_seconds : x->server->lease_seconds;
    uint32_t wanted = x->request->lease_seconds;

    if (wanted && wanted < seconds)
        seconds = wanted > LEASE_MIN ? wanted : LEASE_MIN;
    return seconds;
}

/* RFC 2131, 4.1: where a reply goes. */
static void direct(const struct exchange *x)
{
    const struct dhcp_message *m = x->request;
    struct dhcp_answer *a = x->out;

    a->send = true;
    a->to = 0xffffffffU;
    if (a->reply.type == DHCP_NAK)
        return;
    if (m->client_address) {
        a->to = m->client_address;
        a->to_hardware = true;
    } else if (!(m->flags & DHCP_FLAG_BROADCAST) && m->hardware_size == 6) {
        a->to = a->reply.your_address;
        a->to_hardware = true;
    }
}

static void begin_reply(const struct exchange *x, enum dhcp_type type)
{
    const struct dhcp_message *m = x->request;
    struct dhcp_message *r = &x->out->reply;

    *r = (struct dhcp_message){.is_reply = true,
                               .type = type,
                               .transaction = m->transaction,
                               .flags = m->flags,
                               .hardware_type = m->hardware_type,
                               .hardware_size = m->hardware_size,
                               .server = x->server->address};
    memcpy(r->hardware, m->hardware, sizeof(r->hardware));
    memcpy(r->id, m->id, m->id_size); /* RFC 6842 */
    r->id_size = m->id_size;
}

static void add_network(const struct exchange *x)
{
    const struct dhcp_server *s = x->server;
    struct dhcp_message *r = &x->out->reply;

    r->netmask = s->netmask;
    r->broadcast = s->address | ~s->netmask;
    r->routers[0] = r->dns[0] = s->address;
    r->router_count = r->dns_count = 1;
    memcpy(r->domain, s->domain, sizeof(r->domain));
    if (x->host && (x->host->hardware_size || x->host->id_size))
        memcpy(r->host_name, x->host->host_name, sizeof(r->host_name));
}

static void grant(const struct exchange *x, enum dhcp_type type, uint32_t address)
{
    struct dhcp_message *r = &x->out->reply;

    begin_reply(x, type);
    add_network(x);
    r->your_address = address;
    r->client_address = type == DHCP_ACK ? x->request->client_address : 0;
    r->lease_seconds = lease_seconds(x);
    if (r->lease_seconds != DHCP_FOREVER) {
        r->renew_seconds = r->lease_seconds / 2;
        r->rebind_seconds = r->lease_seconds / 8 * 7;
    }
    direct(x);
}

static void refuse(const struct exchange *x)
{
    begin_reply(x, DHCP_NAK);
    x->out->reply.flags |= DHCP_FLAG_BROADCAST;
    direct(x);
}

/* The name a lease gets: the configured one, or the client's, unless that is configured for another. */
static const char *name_for(const struct exchange *x)
{
    const char *name = x->request->host_name;

    if (x->host && x->host->host_name[0])
        return x->host->host_name;
    for (size_t i = 0; i < x->server->host_count; i++)
        if (strcmp(x->server->hosts[i].host_name, name) == 0)
            return "";
    return name;
}

static void acknowledge(const struct exchange *x, uint32_t address)
{
    struct lease_table *t = &x->server->leases;
    struct lease *l = lease_take(t, address, &x->client), *namesake;
    const char *name = name_for(x);

    if (!l) {
        x->out->ignored = "out of memory";
        return;
    }
    grant(x, DHCP_ACK, address);
    l->reserved_until = 0;
    l->expires = x->now + x->out->reply.lease_seconds;
    memcpy(l->client.hardware, x->client.hardware, sizeof(l->client.hardware));
    l->client.hardware_size = x->client.hardware_size;
    if (name[0]) {
        /* A container that was made anew takes its name over. */
        namesake = lease_of_name(t, name, x->now);
        if (namesake && namesake != l)
            namesake->host_name[0] = '\0';
        memcpy(l->host_name, name, strlen(name) + 1);
    }
    x->out->changed = address;
}

static void on_discover(const struct exchange *x)
{
    struct lease_table *t = &x->server->leases;
    uint32_t address;
    struct lease *l;

    if (!lease_of_client(t, &x->client) && lease_count_active(t, x->now) >= x->server->max_leases) {
        x->out->ignored = "as many addresses are leased as LXC_DHCP_MAX allows";
        return;
    }
    address = choose(x);
    l = address ? lease_take(t, address, &x->client) : NULL;
    if (!l) {
        x->out->ignored = address ? "out of memory" : "no address is free";
        return;
    }
    l->reserved_until = x->now + OFFER_SECONDS;
    grant(x, DHCP_OFFER, address);
}

static void on_request(const struct exchange *x)
{
    const struct dhcp_message *m = x->request;
    struct lease_table *t = &x->server->leases;
    uint32_t wanted = m->client_address ? m->client_address : m->requested;
    struct lease *own = lease_of_client(t, &x->client);

    if (m->server && m->server != x->server->address) {
        if (own)
            own->reserved_until = 0; /* it has chosen another server */
        return;
    }
    if (!wanted)
        return;
    /* What was offered before a restart is not known any more, and as good as what is. */
    if (!may_have(x, wanted) || (m->server && own && own->address != wanted))
        refuse(x);
    else if (!own && lease_count_active(t, x->now) >= x->server->max_leases)
        refuse(x);
    else
        acknowledge(x, wanted);
}

static void on_release(const struct exchange *x)
{
    struct lease *l = lease_of_client(&x->server->leases, &x->client);

    if (!l || l->address != x->request->client_address)
        return;
    l->expires = x->now;
    x->out->changed = l->address;
}

static void on_decline(const struct exchange *x)
{
    static const struct lease_client nobody;
    struct lease *l = lease_of_client(&x->server->leases, &x->client);

    if (!l || l->address != x->request->requested)
        return;
    l->client = nobody;
    l->host_name[0] = '\0';
    l->expires = 0;
    l->reserved_until = x->now + DECLINED_SECONDS;
    x->out->changed = l->address;
    x->out->ignored = "the client found its address in use by somebody else";
}

static void on_inform(const struct exchange *x)
{
    if (!x->request->client_address)
        return;
    begin_reply(x, DHCP_ACK);
    add_network(x);
    x->out->reply.client_address = x->request->client_address;
    direct(x);
}

void dhcp_server_answer(struct dhcp_server *s, const struct dhcp_message *request, int64_t now,
                        struct dhcp_answer *out)
{
    struct exchange x = {.server = s, .request = request, .now = now, .out = out};

    *out = (struct dhcp_answer){0};
    if (request->is_reply || request->relay || request->hardware_size == 0 || request->hardware_size > 16)
        return;
    memcpy(x.client.hardware, request->hardware, request->hardware_size);
    x.client.hardware_size = request->hardware_size;
    memcpy(x.client.id, request->id, request->id_size);
    x.client.id_size = request->id_size;
    x.host = find_host(s, &x.client, request->host_name);
    if (x.host && x.host->ignored)
        return;
    switch (request->type) {
    case DHCP_DISCOVER:
        on_discover(&x);
        break;
    case DHCP_REQUEST:
        on_request(&x);
        break;
    case DHCP_RELEASE:
        on_release(&x);
        break;
    case DHCP_DECLINE:
        on_decline(&x);
        break;
    case DHCP_INFORM:
        on_inform(&x);
        break;
    default:
        break;
    }
}
