#include "net/dhcp/dhcp_port.h"

#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"

/* Names that programs look up to find a proxy or a tunnel (RFC 6761, 6.3; RFC 5214, 8.3.2). */
static const char *const reserved[] = {"localhost", "wpad", "isatap"};

static bool port_exists(const struct dhcp_ports *p, int port)
{
    return port && p->exists && p->exists(p->context, port);
}

bool dhcp_port_may_use(const struct dhcp_ports *p, const struct dhcp_sender *from, const struct lease *l)
{
    return l->port == from->port || !port_exists(p, l->port);
}

static bool port_same_hardware(const struct lease *l, const struct lease_client *client)
{
    return l->client.hardware_size && l->client.hardware_size == client->hardware_size &&
           memcmp(l->client.hardware, client->hardware, client->hardware_size) == 0;
}

bool dhcp_port_is_full(const struct dhcp_ports *p, const struct dhcp_sender *from,
                       const struct lease_client *client, const struct lease_table *t, int64_t now)
{
    size_t of_port = 0, of_hardware = 0;

    if (!p->max_leases)
        return false;
    for (size_t i = 0; i < t->count; i++) {
        const struct lease *l = &t->leases[i];

        if (lease_free_for_others(l, now))
            continue;
        of_port += from->port && l->port == from->port;
        of_hardware += port_same_hardware(l, client);
    }
    return of_hardware >= p->max_leases || (!from->shared && of_port >= p->max_leases);
}

bool dhcp_port_is_reserved(const struct dhcp_ports *p, const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(reserved); i++)
        if (strcmp(reserved[i], name) == 0)
            return true;
    return p->self[0] && strcmp(p->self, name) == 0;
}

/* Whether a lease that has the wanted name is of the same host, or its host has gone. */
static bool port_may_replace(const struct dhcp_ports *p, const struct dhcp_sender *from,
                             const struct lease *holder, const struct lease *l)
{
    if (holder->port && !port_exists(p, holder->port))
        return true;
    return holder->port == from->port && port_same_hardware(holder, &l->client);
}

/*
 * The name of the container for the newest of its leases, but not for those of hosts inside the container,
 * which have other hardware addresses and names.
 */
static bool port_takes_own_name(const struct dhcp_sender *from, struct lease_table *t, const struct lease *l,
                                const char *claimed, int64_t now)
{
    const struct lease *holder = lease_of_name(t, from->owner, now);

    return !holder || holder == l || holder->port != from->port || port_same_hardware(holder, &l->client) ||
           !claimed[0] || strcmp(claimed, from->owner) == 0;
}

/* A container that the engine has started has no name but its own. */
static void port_set_own_name(const struct dhcp_ports *p, const struct dhcp_sender *from,
                              struct lease_table *t, struct lease *l, const char *claimed, int64_t now)
{
    if (!dhcp_port_is_reserved(p, from->owner) && port_takes_own_name(from, t, l, claimed, now))
        lease_set_name(t, l, from->owner);
    else
        l->host_name[0] = '\0';
}

void dhcp_port_set_name(const struct dhcp_ports *p, const struct dhcp_sender *from, struct lease_table *t,
                        struct lease *l, struct dhcp_name name, int64_t now)
{
    const struct lease *holder;

    if (from->owner[0] && !name.configured) {
        port_set_own_name(p, from, t, l, name.text, now);
        return;
    }
    if (!name.text[0] || (dhcp_port_is_reserved(p, name.text) && !name.configured))
        return;
    if (p->owned && p->owned(p->context, name.text) && strcmp(from->owner, name.text) != 0)
        return;
    holder = lease_of_name(t, name.text, now);
    if (!holder || holder == l || port_may_replace(p, from, holder, l) || (name.configured && !holder->port))
        lease_set_name(t, l, name.text);
}
