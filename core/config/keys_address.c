/* Addresses, gateways and routes of lxc.net.N. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/config/keys_net.h"

/* The prefix length of the address class, for an address without a prefix, as in LXC; RFC 791, 3.2. */
static uint8_t address_class_prefix(const uint8_t *address)
{
    return address[0] < 128 ? 8 : address[0] < 192 ? 16 : address[0] < 224 ? 24 : 0;
}

/* The last address of the network; none for /31 (RFC 3021) and /32. */
static void address_set_broadcast(struct net_address *a)
{
    uint32_t hosts = a->prefix < 31 ? UINT32_MAX >> a->prefix : 0;

    for (int i = 0; hosts && i < 4; i++)
        a->broadcast[i] = a->address[i] | (uint8_t)(hosts >> (24 - 8 * i));
}

/* "ADDRESS[/PREFIX]"; modifies the text. */
static int address_parse(char *text, int family, bool strict, struct net_address *a, bool *has_prefix)
{
    char *slash = strchr(text, '/');
    uint64_t prefix = 0;

    if (slash)
        *slash = '\0';
    *a = (struct net_address){.family = family};
    if (inet_pton(family, text, a->address) != 1)
        return -EINVAL;
    if (slash && setting_number(slash + 1, family == AF_INET ? 32 : strict ? 128 : UINT32_MAX, &prefix) < 0)
        return -EINVAL;
    a->prefix = (uint8_t)prefix;
    *has_prefix = slash;
    return 0;
}

static int address_list_add(struct net_address **list, size_t *count, const struct net_address *a)
{
    struct net_address *grown = array_grow(*list, *count, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    *list = grown;
    grown[(*count)++] = *a;
    return 0;
}

static int address_list_print(const struct net_address *list, size_t count, int family, struct strbuf *out)
{
    char text[INET6_ADDRSTRLEN];
    bool first = out->length == 0;

    for (size_t i = 0; i < count; i++) {
        if (list[i].family != family)
            continue;
        inet_ntop(family, list[i].address, text, sizeof(text));
        if (strbuf_printf(out, "%s%s/%u", first ? "" : "\n", text, list[i].prefix) < 0)
            return -ENOMEM;
        first = false;
    }
    return 0;
}

static void address_list_remove(struct net_address **list, size_t *count, int family)
{
    size_t kept = 0;

    for (size_t i = 0; i < *count; i++)
        if ((*list)[i].family != family)
            (*list)[kept++] = (*list)[i];
    *count = kept;
    if (kept == 0) {
        free(*list);
        *list = NULL;
    }
}

/* --- ipv4.address, ipv6.address --- */

static int set_dhcp(struct config_net *n, const struct setting *s, struct error *err)
{
    if (!n->has_type || n->type != NET_VETH) {
        error_text(err, EINVAL, "%s = dhcp is only valid for networks of type veth", s->name);
        return error_remedy(err, "set lxc.net.%u.type = veth before it", n->index);
    }
    n->ipv4_dhcp = true;
    return 0;
}

static int set_address(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config_net *n = holder;
    int family = s->key->limit;
    bool v4 = family == AF_INET, has_prefix = false;
    cleanup_free char *copy = strdup(s->value);
    char *broadcast;
    struct net_address a;

    (void)kept;
    if (!copy)
        return setting_no_memory(s, err);
    if (v4 && strcmp(s->value, "dhcp") == 0)
        return set_dhcp(n, s, err);
    broadcast = v4 ? strchr(copy, ' ') : NULL;
    if (broadcast)
        *broadcast++ = '\0';
    if (address_parse(copy, family, s->strict, &a, &has_prefix) < 0 ||
        (broadcast && inet_pton(AF_INET, broadcast, a.broadcast) != 1))
        return setting_refuse(s, err, v4 ? "ADDRESS/PREFIX [BROADCAST]" : "ADDRESS/PREFIX");
    if (!has_prefix)
        a.prefix = v4 ? address_class_prefix(a.address) : 64;
    if (v4 && !broadcast)
        address_set_broadcast(&a);
    return address_list_add(&n->addresses, &n->address_count, &a) < 0 ? setting_no_memory(s, err) : 0;
}

static int get_address(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config_net *n = holder;
    cleanup_strbuf struct strbuf list = STRBUF_INIT;
    int r = 0;

    if (n->ipv4_dhcp && s->key->limit == AF_INET)
        r = strbuf_puts(&list, "dhcp");
    if (r == 0)
        r = address_list_print(n->addresses, n->address_count, s->key->limit, &list);
    return r < 0 ? r : strbuf_puts(out, strbuf_text(&list));
}

static void clear_address(void *holder, const struct setting *s)
{
    struct config_net *n = holder;

    if (s->key->limit == AF_INET)
        n->ipv4_dhcp = false;
    address_list_remove(&n->addresses, &n->address_count, s->key->limit);
}

const struct key_type type_net_address = {.set = set_address, .get = get_address, .clear = clear_address};

/* --- veth.ipv4.route, veth.ipv6.route --- */

static int set_route(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config_net *n = holder;
    cleanup_free char *copy = strdup(s->value);
    bool has_prefix = false;
    struct net_address a;

    (void)kept;
    if (!copy)
        return setting_no_memory(s, err);
    if (!n->has_type || n->type != NET_VETH) {
        error_text(err, EINVAL, "%s is only valid for networks of type veth", s->name);
        return error_remedy(err, "set lxc.net.%u.type = veth before it", n->index);
    }
    if (address_parse(copy, s->key->limit, true, &a, &has_prefix) < 0 || !has_prefix)
        return setting_refuse(s, err, "ADDRESS/PREFIX");
    return address_list_add(&n->veth_routes, &n->veth_route_count, &a) < 0 ? setting_no_memory(s, err) : 0;
}

static int get_route(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config_net *n = holder;
    cleanup_strbuf struct strbuf list = STRBUF_INIT;
    int r = address_list_print(n->veth_routes, n->veth_route_count, s->key->limit, &list);

    return r < 0 ? r : strbuf_puts(out, strbuf_text(&list));
}

static void clear_route(void *holder, const struct setting *s)
{
    struct config_net *n = holder;

    address_list_remove(&n->veth_routes, &n->veth_route_count, s->key->limit);
}

const struct key_type type_net_route = {.set = set_route, .get = get_route, .clear = clear_route};

/* --- ipv4.gateway, ipv6.gateway --- */

static uint8_t *gateway_address(struct config_net *n, const struct setting *s)
{
    return s->key->limit == AF_INET ? n->ipv4_gateway_address : n->ipv6_gateway_address;
}

static int set_gateway(void *holder, const struct setting *s, char **kept, struct error *err)
{
    enum net_gateway *gateway = MEMBER(holder, s, enum net_gateway);
    uint8_t address[16];

    (void)kept;
    if (strcmp(s->value, "auto") == 0) {
        *gateway = GATEWAY_AUTO;
    } else if (strcmp(s->value, "dev") == 0) {
        *gateway = GATEWAY_DEV;
    } else if (inet_pton(s->key->limit, s->value, address) == 1) {
        *gateway = GATEWAY_ADDRESS;
        memcpy(gateway_address(holder, s), address, s->key->limit == AF_INET ? 4 : 16);
    } else {
        return setting_refuse(s, err, "an address, \"auto\" or \"dev\"");
    }
    return 0;
}

static int get_gateway(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config_net *n = holder;
    const void *address = s->key->limit == AF_INET ? n->ipv4_gateway_address : n->ipv6_gateway_address;
    char text[INET6_ADDRSTRLEN];

    switch (*CONST_MEMBER(holder, s, enum net_gateway)) {
    case GATEWAY_AUTO:
        return strbuf_puts(out, "auto");
    case GATEWAY_DEV:
        return strbuf_puts(out, "dev");
    case GATEWAY_ADDRESS:
        return strbuf_puts(out, inet_ntop(s->key->limit, address, text, sizeof(text)));
    case GATEWAY_NONE:
        break;
    }
    return 0;
}

static void clear_gateway(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, enum net_gateway) = GATEWAY_NONE;
}

const struct key_type type_net_gateway = {.set = set_gateway, .get = get_gateway, .clear = clear_gateway};
