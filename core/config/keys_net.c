/* lxc.net.N.*: the networks. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/cleanup.h"
#include "core/config/keys.h"
#include "core/config/keys_net.h"

#define VLAN_LAST 4094
#define MTU_LAST  65536 /* of the loopback interface; drivers have less */

static const struct {
    char name[8];
    enum net_type type;
} types[] = {
    {"empty", NET_EMPTY},   {"none", NET_NONE}, {"veth", NET_VETH}, {"macvlan", NET_MACVLAN},
    {"ipvlan", NET_IPVLAN}, {"vlan", NET_VLAN}, {"phys", NET_PHYS},
};

const char *net_type_name(const struct config_net *n)
{
    for (size_t i = 0; n->has_type && i < ARRAY_LENGTH(types); i++)
        if (types[i].type == n->type)
            return types[i].name;
    return "empty"; /* the type that LXC uses for a network without a type */
}

static int net_require_type(const struct config_net *n, enum net_type type, const struct setting *s,
                            struct error *err)
{
    const char *name = NULL;

    if (n->has_type && n->type == type)
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (types[i].type == type)
            name = types[i].name;
    error_text(err, EINVAL, "%s is only valid for networks of type %s", s->name, name);
    return error_remedy(err, "set lxc.net.%u.type = %s before it", n->index, name);
}

/* --- type --- */

static void clear_type(void *holder, const struct setting *s)
{
    struct config_net *n = holder;
    unsigned index = n->index;

    (void)s;
    net_free(n);
    n->index = index;
}

/* A second type resets the network, as in LXC; settings before the first type are kept. */
static int set_type(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config_net *n = holder;

    (void)kept;
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        if (strcmp(types[i].name, s->value) != 0)
            continue;
        if (n->has_type)
            clear_type(n, s);
        n->has_type = true;
        n->type = types[i].type;
        n->macvlan_mode = MACVLAN_MODE_PRIVATE;
        n->ipvlan_mode = IPVLAN_MODE_L3;
        n->ipvlan_isolation = IPVLAN_ISOLATION_BRIDGE;
        return 0;
    }
    return setting_refuse(s, err, "none, empty, veth, macvlan, ipvlan, vlan or phys");
}

static int get_type(const void *holder, const struct setting *s, struct strbuf *out)
{
    (void)s;
    return strbuf_puts(out, net_type_name(holder));
}

static const struct key_type type_type = {.set = set_type, .get = get_type, .clear = clear_type};

/* --- Names, flags, hwaddr, mtu --- */

static int set_ifname(void *holder, const struct setting *s, char **kept, struct error *err)
{
    if (s->strict && (strlen(s->value) >= IF_NAMESIZE || strpbrk(s->value, "/ \t")))
        return setting_refuse(s, err, "the name of an interface, at most 15 bytes");
    return string_set(holder, s, kept, err);
}

static const struct key_type type_ifname = {.set = set_ifname, .get = string_get, .clear = string_clear};

static int set_flags(void *holder, const struct setting *s, char **kept, struct error *err)
{
    (void)kept;
    if (s->strict && strcmp(s->value, "up") != 0)
        return setting_refuse(s, err, "\"up\"");
    *MEMBER(holder, s, bool) = true;
    return 0;
}

static int get_flags(const void *holder, const struct setting *s, struct strbuf *out)
{
    return *CONST_MEMBER(holder, s, bool) ? strbuf_puts(out, "up") : 0;
}

static void clear_bool(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, bool) = false;
}

static const struct key_type type_flags = {.set = set_flags, .get = get_flags, .clear = clear_bool};

bool hwaddr_expand(char *hwaddr)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t random[17];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return false;
    for (size_t i = 0; hwaddr[i] && i < sizeof(random); i++)
        if (hwaddr[i] == 'x' || hwaddr[i] == 'X')
            hwaddr[i] = digits[random[i] &
                               (i == 1 ? 0xe : 0xf)]; /* bit 0 of the first byte marks multicast addresses */
    return true;
}

bool hwaddr_is_valid(const char *text)
{
    if (strlen(text) != 17)
        return false;
    for (size_t i = 0; i < 17; i++)
        if (i % 3 == 2 ? text[i] != ':' : !strchr("0123456789abcdefABCDEFxX", text[i]))
            return false;
    return true;
}

static int set_hwaddr(void *holder, const struct setting *s, char **kept, struct error *err)
{
    if (s->strict && !hwaddr_is_valid(s->value))
        return setting_refuse(s, err, "six bytes such as 00:16:3e:12:34:56, an x for a random digit");
    *kept = strdup(s->value);
    if (!*kept)
        return setting_no_memory(s, err);
    if (!hwaddr_expand(*kept))
        return error_set(err, errno, "%s: cannot get random numbers", s->name);
    return setting_keep(MEMBER(holder, s, char *), *kept, s, err);
}

static const struct key_type type_hwaddr = {.set = set_hwaddr, .get = string_get, .clear = string_clear};

static int set_mtu(void *holder, const struct setting *s, char **kept, struct error *err)
{
    uint64_t mtu;

    (void)kept;
    if (parse_uint64(s->value, 10, MTU_LAST, &mtu) < 0 || mtu == 0)
        return s->strict ? setting_refuse(s, err, "a number of bytes, at most 65536") : 0;
    *MEMBER(holder, s, uint32_t) = (uint32_t)mtu;
    return 0;
}

static int get_positive(const void *holder, const struct setting *s, struct strbuf *out)
{
    uint32_t number = *CONST_MEMBER(holder, s, uint32_t);

    return number ? strbuf_printf(out, "%u", number) : 0;
}

static void clear_uint(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, uint32_t) = 0;
}

static const struct key_type type_mtu = {.set = set_mtu, .get = get_positive, .clear = clear_uint};

/* --- Keys of one type of network --- */

static int set_pair(void *holder, const struct setting *s, char **kept, struct error *err)
{
    int r = net_require_type(holder, NET_VETH, s, err);

    return r < 0 ? r : set_ifname(holder, s, kept, err);
}

static const struct key_type type_pair = {.set = set_pair, .get = string_get, .clear = string_clear};

static int set_queues(void *holder, const struct setting *s, char **kept, struct error *err)
{
    uint64_t number;
    int r = net_require_type(holder, NET_VETH, s, err);

    (void)kept;
    if (r < 0)
        return r;
    if (setting_number(s->value, INT32_MAX, &number) < 0 || number == 0)
        return setting_refuse(s, err, "a number from 1");
    *MEMBER(holder, s, uint32_t) = (uint32_t)number;
    return 0;
}

static const struct key_type type_queues = {.set = set_queues, .get = get_positive, .clear = clear_uint};

/* The words of a mode; the limit of the row selects the table. */
struct mode {
    char word[9];
    uint8_t value;
};

static const struct mode veth_modes[] = {{"bridge", false}, {"router", true}, {"", 0}};
static const struct mode macvlan_modes[] = {{"private", MACVLAN_MODE_PRIVATE},
                                            {"vepa", MACVLAN_MODE_VEPA},
                                            {"bridge", MACVLAN_MODE_BRIDGE},
                                            {"passthru", MACVLAN_MODE_PASSTHRU},
                                            {"", 0}};
static const struct mode ipvlan_modes[] = {
    {"l3", IPVLAN_MODE_L3}, {"l3s", IPVLAN_MODE_L3S}, {"l2", IPVLAN_MODE_L2}, {"", 0}};
static const struct mode ipvlan_isolations[] = {{"bridge", IPVLAN_ISOLATION_BRIDGE},
                                                {"private", IPVLAN_ISOLATION_PRIVATE},
                                                {"vepa", IPVLAN_ISOLATION_VEPA},
                                                {"", 0}};

enum { MODE_VETH, MODE_MACVLAN, MODE_IPVLAN, MODE_ISOLATION };

static const struct {
    const struct mode *modes;
    enum net_type type;
    const char *wanted;
} mode_tables[] = {
    [MODE_VETH] = {veth_modes, NET_VETH, "bridge or router"},
    [MODE_MACVLAN] = {macvlan_modes, NET_MACVLAN, "private, vepa, bridge or passthru"},
    [MODE_IPVLAN] = {ipvlan_modes, NET_IPVLAN, "l2, l3 or l3s"},
    [MODE_ISOLATION] = {ipvlan_isolations, NET_IPVLAN, "bridge, private or vepa"},
};

static int set_mode(void *holder, const struct setting *s, char **kept, struct error *err)
{
    unsigned which = s->key->limit;
    int r = net_require_type(holder, mode_tables[which].type, s, err);

    (void)kept;
    if (r < 0)
        return r;
    for (const struct mode *m = mode_tables[which].modes; *m->word; m++) {
        if (strcmp(m->word, s->value) != 0)
            continue;
        if (which == MODE_VETH)
            *MEMBER(holder, s, bool) = m->value;
        else
            *MEMBER(holder, s, int) = m->value;
        return 0;
    }
    return setting_refuse(s, err, mode_tables[which].wanted);
}

static int get_mode(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config_net *n = holder;
    unsigned which = s->key->limit;
    int value = which == MODE_VETH ? *CONST_MEMBER(holder, s, bool) : *CONST_MEMBER(holder, s, int);

    if (!n->has_type || n->type != mode_tables[which].type)
        return -ENOENT;
    for (const struct mode *m = mode_tables[which].modes; *m->word; m++)
        if (m->value == value)
            return strbuf_puts(out, m->word);
    return 0;
}

static void clear_mode(void *holder, const struct setting *s)
{
    if (s->key->limit == MODE_VETH)
        *MEMBER(holder, s, bool) = false;
    else
        *MEMBER(holder, s, int) = mode_tables[s->key->limit].modes[0].value;
}

static const struct key_type type_mode = {.set = set_mode, .get = get_mode, .clear = clear_mode};

static int set_vlan_id(void *holder, const struct setting *s, char **kept, struct error *err)
{
    uint64_t id;
    int r = net_require_type(holder, NET_VLAN, s, err);

    (void)kept;
    if (r < 0)
        return r;
    if (setting_number(s->value, UINT16_MAX, &id) < 0)
        return setting_refuse(s, err, "a VLAN id");
    *MEMBER(holder, s, uint16_t) = (uint16_t)id;
    return 0;
}

static int get_vlan_id(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config_net *n = holder;

    if (!n->has_type || n->type != NET_VLAN)
        return -ENOENT;
    return strbuf_printf(out, "%u", *CONST_MEMBER(holder, s, uint16_t));
}

static void clear_vlan_id(void *holder, const struct setting *s)
{
    *MEMBER(holder, s, uint16_t) = 0;
}

static const struct key_type type_vlan_id = {.set = set_vlan_id, .get = get_vlan_id, .clear = clear_vlan_id};

static int set_veth_vlan(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config_net *n = holder;
    uint64_t id = 0;
    bool none = strcmp(s->value, "none") == 0;
    int r = net_require_type(holder, NET_VETH, s, err);

    (void)kept;
    if (r < 0)
        return r;
    if (!none && setting_number(s->value, VLAN_LAST, &id) < 0)
        return setting_refuse(s, err, "\"none\" or a VLAN id up to 4094");
    n->has_veth_vlan_id = true;
    n->veth_vlan_id = none ? NET_VLAN_NONE : (int)id;
    return 0;
}

static int get_veth_vlan(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config_net *n = holder;

    (void)s;
    if (!n->has_type || n->type != NET_VETH)
        return -ENOENT;
    return strbuf_printf(out, "%d", n->veth_vlan_id);
}

static void clear_veth_vlan(void *holder, const struct setting *s)
{
    struct config_net *n = holder;

    (void)s;
    n->has_veth_vlan_id = false;
    n->veth_vlan_id = 0;
}

static const struct key_type type_veth_vlan = {
    .set = set_veth_vlan, .get = get_veth_vlan, .clear = clear_veth_vlan};

static int set_tagged(void *holder, const struct setting *s, char **kept, struct error *err)
{
    struct config_net *n = holder;
    uint16_t *grown;
    uint64_t id;
    int r = net_require_type(holder, NET_VETH, s, err);

    (void)kept;
    if (r < 0)
        return r;
    if (setting_number(s->value, VLAN_LAST, &id) < 0)
        return setting_refuse(s, err, "a VLAN id up to 4094");
    grown = array_grow(n->veth_vlan_tagged, n->veth_vlan_tagged_count, sizeof(*grown));
    if (!grown)
        return setting_no_memory(s, err);
    n->veth_vlan_tagged = grown;
    grown[n->veth_vlan_tagged_count++] = (uint16_t)id;
    return 0;
}

static int get_tagged(const void *holder, const struct setting *s, struct strbuf *out)
{
    const struct config_net *n = holder;

    (void)s;
    for (size_t i = 0; i < n->veth_vlan_tagged_count; i++)
        if (strbuf_printf(out, "%s%u", i ? "\n" : "", n->veth_vlan_tagged[i]) < 0)
            return -ENOMEM;
    return 0;
}

static void clear_tagged(void *holder, const struct setting *s)
{
    struct config_net *n = holder;

    (void)s;
    free(n->veth_vlan_tagged);
    n->veth_vlan_tagged = NULL;
    n->veth_vlan_tagged_count = 0;
}

static const struct key_type type_tagged = {.set = set_tagged, .get = get_tagged, .clear = clear_tagged};

/* --- The table --- */

#define NET(member) .offset = offsetof(struct config_net, member)

const struct key net_keys[] = {
    {"type", &type_type, NET(type), .flags = KEY_ARCHIVE | KEY_ADDS},
    {"flags", &type_flags, NET(up), .flags = KEY_ARCHIVE},
    {"hwaddr", &type_hwaddr, NET(hwaddr), .flags = KEY_ARCHIVE},
    {"ipv4.address", &type_net_address, NET(addresses), .limit = AF_INET, .flags = KEY_ARCHIVE},
    {"ipv4.gateway", &type_net_gateway, NET(ipv4_gateway), .limit = AF_INET, .flags = KEY_ARCHIVE},
    {"ipv6.address", &type_net_address, NET(addresses), .limit = AF_INET6, .flags = KEY_ARCHIVE},
    {"ipv6.gateway", &type_net_gateway, NET(ipv6_gateway), .limit = AF_INET6, .flags = KEY_ARCHIVE},
    {"ipvlan.isolation", &type_mode, "bridge", NET(ipvlan_isolation), .limit = MODE_ISOLATION,
     .flags = KEY_ARCHIVE},
    {"ipvlan.mode", &type_mode, "l3", NET(ipvlan_mode), .limit = MODE_IPVLAN, .flags = KEY_ARCHIVE},
    {"l2proxy", &type_bool, NET(l2proxy)},
    {"link", &type_ifname, NET(link), .flags = KEY_ARCHIVE},
    {"macvlan.mode", &type_mode, "private", NET(macvlan_mode), .limit = MODE_MACVLAN, .flags = KEY_ARCHIVE},
    {"mtu", &type_mtu, NET(mtu), .flags = KEY_ARCHIVE},
    {"name", &type_ifname, NET(name), .flags = KEY_ARCHIVE},
    {"script.down", &type_string, NET(script_down)},
    {"script.up", &type_string, NET(script_up)},
    {"veth.ipv4.route", &type_net_route, NET(veth_routes), .limit = AF_INET},
    {"veth.ipv6.route", &type_net_route, NET(veth_routes), .limit = AF_INET6},
    {"veth.mode", &type_mode, "bridge", NET(veth_router), .limit = MODE_VETH},
    {"veth.n_rxqueues", &type_queues, NET(veth_rxqueues), .flags = KEY_ARCHIVE},
    {"veth.n_txqueues", &type_queues, NET(veth_txqueues), .flags = KEY_ARCHIVE},
    {"veth.pair", &type_pair, NET(veth_pair), .flags = KEY_ARCHIVE},
    {"veth.vlan.id", &type_veth_vlan, NET(veth_vlan_id)},
    {"veth.vlan.tagged.id", &type_tagged, NET(veth_vlan_tagged)},
    {"vlan.id", &type_vlan_id, NET(vlan_id), .flags = KEY_ARCHIVE},
    {.name = NULL},
};

void net_free(struct config_net *n)
{
    free(n->link);
    free(n->name);
    free(n->hwaddr);
    free(n->addresses);
    free(n->veth_pair);
    free(n->veth_routes);
    free(n->veth_vlan_tagged);
    free(n->script_up);
    free(n->script_down);
    *n = (struct config_net){0};
}
