/* ip link: add, delete, link_set, show. */
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"

/* --- Showing --- */

bool ip_link_passes(const struct ip_link_filter *f, const struct link *l)
{
    size_t n = f->kind ? strlen(f->kind) : 0;
    bool by_port = n > 6 && strcmp(f->kind + n - 6, "_slave") == 0;

    if (f->kind && by_port && (strlen(l->port_kind) != n - 6 || strncmp(l->port_kind, f->kind, n - 6) != 0))
        return false;
    if (f->kind && !by_port && strcmp(l->kind, f->kind) != 0)
        return false;
    return (!f->index || l->index == f->index) && (!f->up || l->flags & IFF_UP) &&
           (!f->master || l->master == f->master) && (!f->no_master || !l->master) &&
           (f->group == UNSET || l->group == f->group);
}

static int link_show(struct ip_call *c, char **words, struct error *err)
{
    static const struct ip_name groups[] = {{"default", 0}, {NULL, 0}};
    static const struct ip_word table[] = {
        {"up", WORD_TRUE, offsetof(struct ip_link_filter, up), 0, NULL, true},
        {"nomaster", WORD_TRUE, offsetof(struct ip_link_filter, no_master), 0, NULL, true},
        {"master", WORD_STRING, offsetof(struct ip_link_filter, master_name), 0, NULL, true},
        {"type", WORD_STRING, offsetof(struct ip_link_filter, kind), 0, NULL, true},
        {"group", WORD_NAME, offsetof(struct ip_link_filter, group), 0, groups, true},
        {"dev", WORD_STRING, offsetof(struct ip_link_filter, device), 0, NULL, true},
        {NULL, WORD_END, 0, 0, NULL, true},
    };
    struct ip_link_filter f = {.group = UNSET};
    const struct link *l;
    int r;

    while ((r = ip_words(table, &f, AF_UNSPEC, &words, err)) == 1) {
        if (f.device)
            return ip_unknown(*words, "ip link show", err);
        f.device = *words++;
    }
    if (r == 0 && f.master_name) {
        l = ip_link_named(c, f.master_name, err);
        r = l ? 0 : err->code;
        f.master = l ? l->index : 0;
    }
    if (r == 0 && f.device) {
        l = ip_link_named(c, f.device, err);
        r = l ? 0 : err->code;
        f.index = l ? l->index : 0;
    } else if (r == 0) {
        r = ip_load_links(c, err);
    }
    if (r < 0)
        return r;
    output_open(&c->out, NULL, '[');
    for (size_t i = 0, count = c->link_count; i < count; i++) {
        struct link one = c->links[i]; /* looking up another link may reallocate c->links */

        if (!ip_link_passes(&f, &one))
            continue;
        output_open(&c->out, NULL, '{');
        ip_link_show(c, &one, false);
        output_close(&c->out, '}');
    }
    output_close(&c->out, ']');
    return 0;
}

/* --- Reading settings --- */

struct link_words {
    const char *device, *name, *kind, *link, *master, *address, *broadcast, *alias, *netns, *mode, *flag,
        *protocol;
    uint32_t mtu, queue_length, index, receive_queues, send_queues, group, vlan_id;
    uint32_t up, arp, multicast, all_multicast, promiscuous, no_master, dynamic;
    struct link_option options[16];
    size_t option_count;
};

#define WORD(name, kind, member)                                                                             \
    {                                                                                                        \
        name, kind, offsetof(struct link_words, member), 0, NULL, true                                       \
    }
#define ABBREVIABLE(name, kind, member)                                                                      \
    {                                                                                                        \
        name, kind, offsetof(struct link_words, member), 0, NULL, false                                      \
    }

static const struct ip_word common_words[] = {
    WORD("mtu", WORD_U32, mtu),
    WORD("address", WORD_STRING, address),
    WORD("broadcast", WORD_STRING, broadcast),
    WORD("brd", WORD_STRING, broadcast),
    WORD("txqueuelen", WORD_U32, queue_length),
    WORD("qlen", WORD_U32, queue_length),
    WORD("txqlen", WORD_U32, queue_length),
    WORD("numtxqueues", WORD_U32, send_queues),
    WORD("numrxqueues", WORD_U32, receive_queues),
    WORD("index", WORD_U32, index),
    WORD("netns", WORD_STRING, netns),
    WORD("name", WORD_STRING, name),
    WORD("master", WORD_STRING, master),
    WORD("link", WORD_STRING, link),
    WORD("alias", WORD_STRING, alias),
    WORD("group", WORD_U32, group),
    WORD("dev", WORD_STRING, device),
    WORD("type", WORD_STRING, kind),
    WORD("arp", WORD_ON, arp),
    WORD("multicast", WORD_ON, multicast),
    WORD("allmulticast", WORD_ON, all_multicast),
    WORD("promisc", WORD_ON, promiscuous),
    WORD("dynamic", WORD_ON, dynamic),
    {"up", WORD_SET, offsetof(struct link_words, up), 1, NULL, true},
    {"down", WORD_SET, offsetof(struct link_words, up), 0, NULL, true},
    {"nomaster", WORD_SET, offsetof(struct link_words, no_master), 1, NULL, true},
    {NULL, WORD_END, 0, 0, NULL, true},
};

static const struct ip_word kind_words[] = {
    ABBREVIABLE("mode", WORD_STRING, mode),
    WORD("id", WORD_U32, vlan_id),
    ABBREVIABLE("protocol", WORD_STRING, protocol),

    {NULL, WORD_END, 0, 0, NULL, true},
};

static void link_words_init(struct link_words *w)
{
    *w = (struct link_words){.mtu = UNSET,
                             .queue_length = UNSET,
                             .index = UNSET,
                             .receive_queues = UNSET,
                             .send_queues = UNSET,
                             .group = UNSET,
                             .vlan_id = UNSET,
                             .up = UNSET,
                             .arp = UNSET,
                             .multicast = UNSET,
                             .all_multicast = UNSET,
                             .promiscuous = UNSET,
                             .no_master = UNSET,
                             .dynamic = UNSET};
}

/* The options of each kind of link. Sources: linux/if_link.h, ip-link(8). */
struct kind_option {
    const char *kind, *name;
    uint16_t type;
    uint8_t size;
};

static const struct kind_option kind_options[] = {
    {"bridge", "forward_delay", IFLA_BR_FORWARD_DELAY, 4},
    {"bridge", "hello_time", IFLA_BR_HELLO_TIME, 4},
    {"bridge", "max_age", IFLA_BR_MAX_AGE, 4},
    {"bridge", "ageing_time", IFLA_BR_AGEING_TIME, 4},
    {"bridge", "stp_state", IFLA_BR_STP_STATE, 4},
    {"bridge", "priority", IFLA_BR_PRIORITY, 2},
    {"bridge", "vlan_filtering", IFLA_BR_VLAN_FILTERING, 1},
    {"bridge", "vlan_default_pvid", IFLA_BR_VLAN_DEFAULT_PVID, 2},
    {"bridge", "group_fwd_mask", IFLA_BR_GROUP_FWD_MASK, 2},
    {"bridge", "mcast_snooping", IFLA_BR_MCAST_SNOOPING, 1},
    {"bridge", "mcast_router", IFLA_BR_MCAST_ROUTER, 1},
    {"bridge", "mcast_querier", IFLA_BR_MCAST_QUERIER, 1},
    {"bridge", "nf_call_iptables", IFLA_BR_NF_CALL_IPTABLES, 1},
    {"bridge", "nf_call_ip6tables", IFLA_BR_NF_CALL_IP6TABLES, 1},
    {"bridge_slave", "cost", IFLA_BRPORT_COST, 4},
    {"bridge_slave", "priority", IFLA_BRPORT_PRIORITY, 2},
    {"bridge_slave", "state", IFLA_BRPORT_STATE, 1},
    {"bridge_slave", "hairpin", IFLA_BRPORT_MODE, 1},
    {"bridge_slave", "guard", IFLA_BRPORT_GUARD, 1},
    {"bridge_slave", "isolated", IFLA_BRPORT_ISOLATED, 1},
    {"bridge_slave", "learning", IFLA_BRPORT_LEARNING, 1},
    {"bridge_slave", "flood", IFLA_BRPORT_UNICAST_FLOOD, 1},
};

/* Read one "NAME VALUE" of kind_options. Returns 1; 0 if it is another word. */
static int link_read_kind_option(struct link_words *w, char ***words, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kind_options); i++) {
        const struct kind_option *o = &kind_options[i];
        const char *value = (*words)[1];
        uint64_t number;

        if (strcmp(o->kind, w->kind) != 0 || strcmp(o->name, **words) != 0)
            continue;
        if (!value || w->option_count == ARRAY_LENGTH(w->options))
            return error_text(err, EINVAL, "\"%s\" needs a value", o->name);
        if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0)
            number = strcmp(value, "on") == 0;
        else if (parse_uint64(value, 0, o->size == 4 ? UINT32_MAX : (1U << 8 * o->size) - 1, &number) < 0)
            return error_text(err, EINVAL, "\"%s\" is not a value for %s", value, o->name);
        w->options[w->option_count++] = (struct link_option){o->type, o->size, (uint32_t)number};
        *words += 2;
        return 1;
    }
    return 0;
}

static int link_find_mode(const struct ip_name *modes, const char *word, uint32_t *out, struct error *err)
{
    for (; modes->name; modes++)
        if (strcmp(modes->name, word) == 0) {
            *out = modes->value;
            return 0;
        }
    return error_text(err, EINVAL, "unknown mode \"%s\"", word);
}

/* The modes of macvlan and ipvlan, and the flag of ipvlan, which has no keyword. */
static int link_read_modes(const struct link_words *w, struct link_request *request, uint16_t *ipvlan_mode,
                           struct error *err)
{
    static const struct ip_name macvlan[] = {
        {"private", MACVLAN_MODE_PRIVATE},   {"vepa", MACVLAN_MODE_VEPA},     {"bridge", MACVLAN_MODE_BRIDGE},
        {"passthru", MACVLAN_MODE_PASSTHRU}, {"source", MACVLAN_MODE_SOURCE}, {NULL, 0}};
    static const struct ip_name ipvlan[] = {
        {"l2", IPVLAN_MODE_L2}, {"l3", IPVLAN_MODE_L3}, {"l3s", IPVLAN_MODE_L3S}, {NULL, 0}};
    uint32_t mode = IPVLAN_MODE_L3;
    int code = 0;

    if (strcmp(w->kind, "ipvlan") == 0) {
        if (w->mode)
            code = link_find_mode(ipvlan, w->mode, &mode, err);
        *ipvlan_mode = (uint16_t)mode;
        request->ipvlan_mode = ipvlan_mode;
        if (w->flag)
            request->ipvlan_flags = strcmp(w->flag, "private") == 0 ? IPVLAN_F_PRIVATE
                                    : strcmp(w->flag, "vepa") == 0  ? IPVLAN_F_VEPA
                                                                    : 0;
    } else if (w->mode) {
        code = link_find_mode(macvlan, w->mode, &request->macvlan_mode, err);
    }
    return code;
}

/* The words after "type KIND". The peer of a veth ends them. */
static int link_read_kind_words(struct link_words *w, char ***words, struct error *err)
{
    int r;

    while (**words) {
        bool peer = strcmp(w->kind, "veth") == 0 && strcmp(**words, "peer") == 0;

        if (peer)
            return 0;
        r = link_read_kind_option(w, words, err);
        if (r < 0)
            return r;
        if (r == 1)
            continue;
        if (strcmp(w->kind, "ipvlan") == 0 &&
            (strcmp(**words, "private") == 0 || strcmp(**words, "vepa") == 0 ||
             strcmp(**words, "bridge") == 0)) {
            w->flag = *(*words)++;
            continue;
        }
        if (strcmp(w->kind, "veth") != 0) {
            char **before = *words;

            r = ip_words(kind_words, w, AF_UNSPEC, words, err);
            if (r < 0)
                return r;
            if (*words != before)
                continue;
        }
        return ip_unknown(**words, w->kind, err);
    }
    return 0;
}

/* Convert words to a request; `own` stores the objects that it points to. */
struct owned {
    uint8_t address[LINK_ADDRESS_MAX], broadcast[LINK_ADDRESS_MAX];
    int master, netns;
    uint16_t ipvlan_mode;
};

static void link_close_owned(struct owned *o)
{
    close_fd(&o->netns);
}

static void link_set_flag(struct link_request *request, uint32_t word, unsigned flag, bool inverted)
{
    if (word == UNSET)
        return;
    request->change |= flag;
    if ((word != 0) != inverted)
        request->flags |= flag;
}

static int link_read_hardware_address(const char *word, uint8_t *out, size_t *size, struct error *err)
{
    int n = link_address_parse(word, out);

    if (n < 0)
        return error_text(err, EINVAL, "\"%s\" is not a hardware address", word);
    *size = (size_t)n;
    return 0;
}

static int link_to_request(struct ip_call *c, const struct link_words *w, struct owned *own,
                           struct link_request *request, struct error *err)
{
    const struct link *other;
    int code = 0;

    own->netns = -1;
    if (w->address) {
        code = link_read_hardware_address(w->address, own->address, &request->address_size, err);
        request->address = own->address;
    }
    if (code == 0 && w->broadcast) {
        code = link_read_hardware_address(w->broadcast, own->broadcast, &request->address_size, err);
        request->broadcast = own->broadcast;
    }
    if (code == 0 && w->master) {
        other = ip_link_named(c, w->master, err);
        code = other ? 0 : err->code;
        own->master = other ? other->index : 0;
        request->master = &own->master;
    }
    if (w->no_master != UNSET) {
        own->master = 0;
        request->master = &own->master;
    }
    if (code == 0 && w->link) {
        other = ip_link_named(c, w->link, err);
        code = other ? 0 : err->code;
        request->parent = other ? other->index : 0;
    }
    if (code == 0 && w->netns) {
        own->netns = ip_netns_open(w->netns, err);
        code = own->netns < 0 ? own->netns : 0;
        request->netns = &own->netns;
    }
    request->mtu = w->mtu == UNSET ? 0 : w->mtu;
    request->has_queue_length = w->queue_length != UNSET;
    request->queue_length = w->queue_length;
    request->receive_queues = w->receive_queues == UNSET ? 0 : w->receive_queues;
    request->send_queues = w->send_queues == UNSET ? 0 : w->send_queues;
    request->alias = w->alias;
    request->group = w->group == UNSET ? NULL : &w->group;
    request->options = w->options;
    request->option_count = w->option_count;
    link_set_flag(request, w->up, IFF_UP, false);
    link_set_flag(request, w->arp, IFF_NOARP, true);
    link_set_flag(request, w->multicast, IFF_MULTICAST, false);
    link_set_flag(request, w->all_multicast, IFF_ALLMULTI, false);
    link_set_flag(request, w->promiscuous, IFF_PROMISC, false);
    link_set_flag(request, w->dynamic, IFF_DYNAMIC, false);
    return code;
}

/* --- Adding --- */

static int link_check_new_name(const char *name, struct error *err)
{
    if (!name || link_name_valid(name))
        return 0;
    return error_text(err, EINVAL, "\"%s\" cannot be the name of a network interface", name);
}

/* "peer [name] NAME ...", the other end of a veth. */
static int link_read_peer(struct ip_call *c, char ***words, struct link_words *w, struct owned *own,
                          struct link_request *peer, struct error *err)
{
    int r;

    link_words_init(w);
    while ((r = ip_words(common_words, w, AF_UNSPEC, words, err)) == 1) {
        if (w->name)
            return ip_unknown(**words, "veth peer", err);
        w->name = *(*words)++;
    }
    if (r == 0)
        r = link_check_new_name(w->name, err);
    if (r == 0)
        r = link_to_request(c, w, own, peer, err);
    peer->name = w->name;
    peer->index = w->index == UNSET ? 0 : (int)w->index;
    return r;
}

static int link_add(struct ip_call *c, char **words, struct error *err)
{
    __attribute__((cleanup(link_close_owned))) struct owned own = {.netns = -1}, peer_own = {.netns = -1};
    struct link_words w, peer_words;
    struct link_request request = {0}, peer = {0};
    struct netlink_batch b;
    int r;

    link_words_init(&w);
    while ((r = ip_words(common_words, &w, AF_UNSPEC, &words, err)) == 1) {
        if (w.kind)
            break;
        if (w.name)
            return ip_unknown(*words, "ip link add", err);
        w.name = *words++;
    }
    if (r < 0)
        return r;
    if (!w.kind)
        return error_text(err, EINVAL, "ip link add needs the type of the new interface");
    if (!w.name)
        w.name = w.device;
    r = link_read_kind_words(&w, &words, err);
    if (r == 0 && *words) { /* "peer" */
        words++;
        r = link_read_peer(c, &words, &peer_words, &peer_own, &peer, err);
        request.peer = &peer;
    }
    if (r == 0)
        r = link_check_new_name(w.name, err);
    if (r == 0)
        r = link_to_request(c, &w, &own, &request, err);
    if (r == 0)
        r = link_read_modes(&w, &request, &own.ipvlan_mode, err);
    if (r < 0)
        return r;
    request.kind = w.kind;
    request.name = w.name;
    request.index = w.index == UNSET ? 0 : (int)w.index;
    request.vlan_id = w.vlan_id == UNSET ? 0 : (uint16_t)w.vlan_id;
    netlink_batch_init(&b);
    link_create(&b, &request);
    r = ip_exchange(c, &b, NULL, err, "cannot add %s %s", w.kind, w.name ? w.name : "interface");
    if (r == -EOPNOTSUPP && strstr(err->text, "Unknown device type"))
        error_remedy(err, "this kernel lacks %s: load its module (modprobe %s)", w.kind, w.kind);
    return r;
}

/* --- Changing --- */

static int link_set(struct ip_call *c, char **words, struct error *err)
{
    __attribute__((cleanup(link_close_owned))) struct owned own = {.netns = -1};
    struct link_words w;
    struct link_request request = {0};
    const struct link *l;
    struct netlink_batch b;
    int r;

    link_words_init(&w);
    while ((r = ip_words(common_words, &w, AF_UNSPEC, &words, err)) == 1) {
        if (w.kind)
            break;
        if (w.device)
            return ip_unknown(*words, "ip link set", err);
        w.device = *words++;
    }
    if (r == 1)
        r = link_read_kind_words(&w, &words, err);
    if (r < 0)
        return r;
    if (!w.device)
        return error_text(err, EINVAL, "ip link set needs the name of an interface");
    r = link_check_new_name(w.name, err);
    l = r == 0 ? ip_link_named(c, w.device, err) : NULL;
    if (!l)
        return err->code;
    request.index = l->index;
    request.new_name = w.name;
    r = link_to_request(c, &w, &own, &request, err);
    if (r == 0 && w.kind)
        r = link_read_modes(&w, &request, &own.ipvlan_mode, err);
    if (r < 0)
        return r;
    netlink_batch_init(&b);
    request.kind = w.kind;
    link_change(&b, &request);
    return ip_exchange(c, &b, NULL, err, "cannot change %s", w.device);
}

static int delete (struct ip_call *c, char **words, struct error *err)
{
    const char *name = words[0] && strcmp(words[0], "dev") == 0 ? words[1] : words[0];
    const struct link *l = name ? ip_link_named(c, name, err) : NULL;
    struct netlink_batch b;

    if (!name)
        return error_text(err, EINVAL, "ip link delete needs the name of an interface");
    if (!l)
        return err->code;
    netlink_batch_init(&b);
    link_delete(&b, l->index, NULL);
    return ip_exchange(c, &b, NULL, err, "cannot delete %s", name);
}

int ip_link(struct ip_call *c, char **words, struct error *err)
{
    if (!words[0])
        return link_show(c, words, err);
    if (ip_matches(words[0], "add"))
        return link_add(c, words + 1, err);
    if (ip_matches(words[0], "set") || ip_matches(words[0], "change"))
        return link_set(c, words + 1, err);
    if (ip_matches(words[0], "delete"))
        return delete (c, words + 1, err);
    if (ip_is_show(words[0]))
        return link_show(c, words + 1, err);
    return ip_unknown(words[0], "ip link", err);
}
