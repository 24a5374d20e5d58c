#include "net/dhcp/dhcp_server.h"

#include <string.h>

#define OFFER_SECONDS    60  /* that an offer is held */
#define DECLINED_SECONDS 600 /* that an address which a client found in use is not given */
#define LEASE_MIN        120

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

/* Whether nobody else has it. A lease of the same host, which is known by its hardware address and has had
 * another identifier, is its own. */
static bool is_free(const struct exchange *x, uint32_t address)
{
    struct lease_table *t = &x->server->leases;
    const struct lease *l = lease_of_address(t, address);

    return !l || l == lease_of_client(t, &x->client) || lease_free_for_others(l, x->now) ||
           (x->host && x->host->address == address &&
            dhcp_host_has_hardware(x->host, l->client.hardware, l->client.hardware_size));
}

/* The address that is configured for the client, once whoever had it before has left it; else 0. */
static uint32_t own_address(const struct exchange *x)
{
    uint32_t address = x->host ? x->host->address : 0;

    return address && address != x->server->address && on_link(x->server, address) && is_free(x, address)
               ? address
               : 0;
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
    r->options = s->options;
    r->option_count = s->option_count;
    r->has_wanted = x->request->has_wanted;
    memcpy(r->wanted, x->request->wanted, sizeof(r->wanted));
    if (x->host && (x->host->hardware_count || x->host->id_size))
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
    struct lease *l = lease_take(t, address, &x->client);
    const char *name = name_for(x);

    if (!l) {
        x->out->ignored = "out of memory";
        return;
    }
    grant(x, DHCP_ACK, address);
    l->reserved_until = 0;
    l->expires = x->now + x->out->reply.lease_seconds;
    if (name[0])
        lease_set_name(t, l, name);
    x->out->changed = address;
}

/* Hold an offer for the client. Leases stay as they are until it accepts: it may never do so. */
static bool hold(const struct exchange *x, uint32_t address)
{
    struct lease_table *t = &x->server->leases;
    const struct lease *there = lease_of_address(t, address), *own = lease_of_client(t, &x->client);
    struct lease *l;

    if ((there && lease_active(there, x->now)) || (own && lease_active(own, x->now)))
        return true;
    l = lease_take(t, address, &x->client);
    if (l)
        l->reserved_until = x->now + OFFER_SECONDS;
    return l != NULL;
}

static void on_discover(const struct exchange *x)
{
    struct lease_table *t = &x->server->leases;
    uint32_t address;

    if (!lease_of_client(t, &x->client) && lease_count_active(t, x->now) >= x->server->max_leases) {
        x->out->ignored = "as many addresses are leased as LXC_DHCP_MAX allows";
        return;
    }
    address = choose(x);
    if (address && hold(x, address))
        grant(x, DHCP_OFFER, address);
    else
        x->out->ignored = address ? "out of memory" : "no address is free";
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
    if (!may_have(x, wanted))
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

/* Who asks, and which configured host that is. A client that sends no identifier is known by the one that it
 * had before. */
static void identify(struct exchange *x)
{
    const struct dhcp_message *m = x->request;
    const struct lease *before;
    struct lease_client known;

    memcpy(x->client.hardware, m->hardware, m->hardware_size);
    x->client.hardware_size = m->hardware_size;
    memcpy(x->client.id, m->id, m->id_size);
    x->client.id_size = m->id_size;
    before = lease_of_client(&x->server->leases, &x->client);
    known = before && !m->id_size ? before->client : x->client;
    x->host = dhcp_host_find(x->server->hosts, x->server->host_count, &known, m->host_name);
    if (x->host && x->host->any_id)
        x->client.id_size = 0;
}

void dhcp_server_answer(struct dhcp_server *s, const struct dhcp_message *request, int64_t now,
                        struct dhcp_answer *out)
{
    struct exchange x = {.server = s, .request = request, .now = now, .out = out};

    *out = (struct dhcp_answer){0};
    if (request->is_reply || request->relay || request->hardware_size == 0 || request->hardware_size > 16)
        return;
    identify(&x);
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
