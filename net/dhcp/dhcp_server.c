#include "net/dhcp/dhcp_server.h"

#include <string.h>

#define OFFER_SECONDS    60  /* for which an offer is reserved */
#define DECLINED_SECONDS 600 /* for which an address that a client found in use is not offered */
#define LEASE_MIN        120

/* --- One exchange --- */

struct exchange {
    struct dhcp_server *server;
    const struct dhcp_message *request;
    const struct dhcp_sender *from;
    struct lease_client client;
    const struct dhcp_host *host; /* NULL: not configured */
    int64_t now;
    struct dhcp_answer *out;
};

/* Addresses that are not offered to arbitrary clients: the server's own and those of configured hosts. */
static bool server_excluded(const void *context, uint32_t address)
{
    const struct exchange *x = context;

    if (address == x->server->address)
        return true;
    for (size_t i = 0; i < x->server->host_count; i++)
        if (x->server->hosts[i].address == address && &x->server->hosts[i] != x->host)
            return true;
    return false;
}

static bool server_on_link(const struct dhcp_server *s, uint32_t address)
{
    uint32_t host = address & ~s->netmask;

    return (address & s->netmask) == (s->address & s->netmask) && host != 0 && host != ~s->netmask;
}

/* Whether no other client has the address. A lease of the same host, identified by its hardware address,
 * under another identifier is its own. */
static bool server_is_free(const struct exchange *x, uint32_t address)
{
    struct lease_table *t = &x->server->leases;
    const struct lease *l = lease_of_address(t, address);

    return !l || l == lease_of_client(t, &x->client) || lease_free_for_others(l, x->now) ||
           (x->host && x->host->address == address && dhcp_port_may_use(&x->server->ports, x->from, l) &&
            dhcp_host_has_hardware(x->host, l->client.hardware, l->client.hardware_size));
}

/* The address that is configured for the client, unless another client still has it; else 0. */
static uint32_t server_configured_address(const struct exchange *x)
{
    uint32_t address = x->host ? x->host->address : 0;

    return address && address != x->server->address && server_on_link(x->server, address) &&
                   server_is_free(x, address)
               ? address
               : 0;
}

/* Whether this client may get this address now. */
static bool server_may_assign(const struct exchange *x, uint32_t address)
{
    const struct lease_table *t = &x->server->leases;
    uint32_t own = server_configured_address(x);

    if (own)
        return address == own;
    return address >= t->first && address <= t->last && server_on_link(x->server, address) &&
           !server_excluded(x, address) && server_is_free(x, address);
}

static uint32_t server_choose(const struct exchange *x)
{
    struct lease_table *t = &x->server->leases;
    struct lease *own = lease_of_client(t, &x->client);

    if (server_configured_address(x))
        return server_configured_address(x);
    if (own && server_may_assign(x, own->address))
        return own->address;
    if (x->request->requested && server_may_assign(x, x->request->requested))
        return x->request->requested;
    return lease_choose(t, &x->client, x->now, server_excluded, x);
}

static uint32_t server_lease_seconds(const struct exchange *x)
{
    uint32_t seconds = x->host && x->host->lease_seconds ? x->host->lease_seconds : x->server->lease_seconds;
    uint32_t wanted = x->request->lease_seconds;

    if (wanted && wanted < seconds)
        seconds = wanted > LEASE_MIN ? wanted : LEASE_MIN;
    return seconds;
}

/* RFC 2131, 4.1: the destination of a reply. */
static void server_set_destination(const struct exchange *x)
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

static void server_begin_reply(const struct exchange *x, enum dhcp_type type)
{
    const struct dhcp_message *m = x->request;
    struct dhcp_message *reply = &x->out->reply;

    *reply = (struct dhcp_message){.is_reply = true,
                                   .type = type,
                                   .transaction = m->transaction,
                                   .flags = m->flags,
                                   .hardware_type = m->hardware_type,
                                   .hardware_size = m->hardware_size,
                                   .server = x->server->address};
    memcpy(reply->hardware, m->hardware, sizeof(reply->hardware));
    memcpy(reply->id, m->id, m->id_size); /* RFC 6842 */
    reply->id_size = m->id_size;
}

static void server_add_network(const struct exchange *x)
{
    const struct dhcp_server *s = x->server;
    struct dhcp_message *reply = &x->out->reply;

    reply->netmask = s->netmask;
    reply->broadcast = s->address | ~s->netmask;
    reply->routers[0] = reply->dns[0] = s->address;
    reply->router_count = reply->dns_count = 1;
    memcpy(reply->domain, s->domain, sizeof(reply->domain));
    reply->options = s->options;
    reply->option_count = s->option_count;
    reply->has_wanted = x->request->has_wanted;
    memcpy(reply->wanted, x->request->wanted, sizeof(reply->wanted));
    if (x->host && (x->host->hardware_count || x->host->id_size))
        memcpy(reply->host_name, x->host->host_name, sizeof(reply->host_name));
}

static void server_grant(const struct exchange *x, enum dhcp_type type, uint32_t address)
{
    struct dhcp_message *reply = &x->out->reply;

    server_begin_reply(x, type);
    server_add_network(x);
    reply->your_address = address;
    reply->client_address = type == DHCP_ACK ? x->request->client_address : 0;
    reply->lease_seconds = server_lease_seconds(x);
    if (reply->lease_seconds != DHCP_FOREVER) {
        reply->renew_seconds = reply->lease_seconds / 2;
        reply->rebind_seconds = reply->lease_seconds / 8 * 7;
    }
    server_set_destination(x);
}

static void server_refuse(const struct exchange *x)
{
    server_begin_reply(x, DHCP_NAK);
    x->out->reply.flags |= DHCP_FLAG_BROADCAST;
    server_set_destination(x);
}

/* The name for a lease: the configured name, or the name that the client sent, unless that is configured for
 * another host. */
static struct dhcp_name server_name_for(const struct exchange *x)
{
    const char *name = x->request->host_name;

    if (x->host && x->host->host_name[0])
        return (struct dhcp_name){x->host->host_name, true};
    for (size_t i = 0; i < x->server->host_count; i++)
        if (strcmp(x->server->hosts[i].host_name, name) == 0)
            name = "";
    return (struct dhcp_name){name, false};
}

static void server_acknowledge(const struct exchange *x, uint32_t address)
{
    struct lease_table *t = &x->server->leases;
    struct lease *l = lease_take(t, address, &x->client);

    if (!l) {
        x->out->ignored = "out of memory";
        return;
    }
    server_grant(x, DHCP_ACK, address);
    l->reserved_until = 0;
    l->expires = x->now + x->out->reply.lease_seconds;
    l->port = x->from->port;
    dhcp_port_set_name(&x->server->ports, x->from, t, l, server_name_for(x), x->now);
    x->out->changed = address;
}

/* Reserve an address for the client. The leases do not change until the client accepts, which it may never
 * do. */
static bool server_reserve(const struct exchange *x, uint32_t address)
{
    struct lease_table *t = &x->server->leases;
    const struct lease *there = lease_of_address(t, address), *own = lease_of_client(t, &x->client);
    struct lease *l;

    if ((there && lease_active(there, x->now)) || (own && lease_active(own, x->now)))
        return true;
    l = lease_take(t, address, &x->client);
    if (!l)
        return false;
    l->port = x->from->port;
    l->reserved_until = x->now + OFFER_SECONDS;
    return true;
}

/* Why a client without a lease gets none; NULL: it may have one. */
static const char *server_is_full(const struct exchange *x)
{
    const struct dhcp_server *s = x->server;

    if (dhcp_port_is_full(&s->ports, x->from, &x->client, &s->leases, x->now))
        return "its port or hardware address has as many leases as LXC_DHCP_PORT_MAX allows";
    return lease_count_active(&s->leases, x->now) >= s->max_leases
               ? "as many addresses are leased as LXC_DHCP_MAX allows"
               : NULL;
}

static void server_on_discover(const struct exchange *x)
{
    struct lease_table *t = &x->server->leases;
    const struct lease *own = lease_of_client(t, &x->client);
    uint32_t address;

    x->out->ignored = own && !lease_free_for_others(own, x->now) ? NULL : server_is_full(x);
    if (x->out->ignored)
        return;
    address = server_choose(x);
    if (address && server_reserve(x, address))
        server_grant(x, DHCP_OFFER, address);
    else
        x->out->ignored = address ? "out of memory" : "no address is free";
}

static void server_on_request(const struct exchange *x)
{
    const struct dhcp_message *m = x->request;
    struct lease_table *t = &x->server->leases;
    uint32_t wanted = m->client_address ? m->client_address : m->requested;
    struct lease *own = lease_of_client(t, &x->client);

    if (m->server && m->server != x->server->address) {
        if (own)
            own->reserved_until = 0; /* the client has chosen another server */
        return;
    }
    if (!wanted)
        return;
    /* Offers made before a restart are not known any more, but accepted too. */
    if (!server_may_assign(x, wanted))
        server_refuse(x);
    else if ((!own || lease_free_for_others(own, x->now)) && server_is_full(x))
        server_refuse(x);
    else
        server_acknowledge(x, wanted);
}

static void server_on_release(const struct exchange *x)
{
    struct lease *l = lease_of_client(&x->server->leases, &x->client);

    if (!l || l->address != x->request->client_address)
        return;
    l->expires = x->now;
    x->out->changed = l->address;
}

static void server_on_decline(const struct exchange *x)
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
    x->out->ignored = "the client found its address in use by another host";
}

static void server_on_inform(const struct exchange *x)
{
    if (!x->request->client_address)
        return;
    server_begin_reply(x, DHCP_ACK);
    server_add_network(x);
    x->out->reply.client_address = x->request->client_address;
    server_set_destination(x);
}

/* The lease of the client; NULL also if that belongs to another port, and then *foreign is set. */
static const struct lease *server_find_lease(struct exchange *x, bool *foreign)
{
    const struct lease *l = lease_of_client(&x->server->leases, &x->client);

    *foreign = l && !dhcp_port_may_use(&x->server->ports, x->from, l);
    return *foreign ? NULL : l;
}

/*
 * Identify the client and its configured host. A client that sends no identifier is identified by the one
 * that it sent before. A client with the identifier of a client at another port (copies of a container may
 * have the same) is identified by its hardware address. Returns false if that is another port's, too.
 */
static bool server_identify(struct exchange *x)
{
    const struct dhcp_message *m = x->request;
    const struct lease *before;
    struct lease_client known;
    bool foreign;

    memcpy(x->client.hardware, m->hardware, m->hardware_size);
    x->client.hardware_size = m->hardware_size;
    memcpy(x->client.id, m->id, m->id_size);
    x->client.id_size = m->id_size;
    before = server_find_lease(x, &foreign);
    if (foreign) {
        x->client.id_size = 0;
        before = server_find_lease(x, &foreign);
    }
    if (foreign)
        return false;
    known = before && !m->id_size ? before->client : x->client;
    x->host = dhcp_host_find(x->server->hosts, x->server->host_count, &known, m->host_name);
    if (x->host && x->host->any_id)
        x->client.id_size = 0;
    return true;
}

void dhcp_server_answer(struct dhcp_server *s, const struct dhcp_message *request,
                        const struct dhcp_sender *from, int64_t now, struct dhcp_answer *out)
{
    static const struct dhcp_sender unknown;
    struct exchange x = {
        .server = s, .request = request, .from = from ? from : &unknown, .now = now, .out = out};

    *out = (struct dhcp_answer){0};
    if (request->is_reply || request->relay || request->hardware_size == 0 || request->hardware_size > 16)
        return;
    if (!server_identify(&x)) {
        out->ignored = "a host at another port of the bridge has a lease with its hardware address";
        return;
    }
    if (x.host && x.host->ignored)
        return;
    switch (request->type) {
    case DHCP_DISCOVER:
        server_on_discover(&x);
        break;
    case DHCP_REQUEST:
        server_on_request(&x);
        break;
    case DHCP_RELEASE:
        server_on_release(&x);
        break;
    case DHCP_DECLINE:
        server_on_decline(&x);
        break;
    case DHCP_INFORM:
        server_on_inform(&x);
        break;
    default:
        break;
    }
}
