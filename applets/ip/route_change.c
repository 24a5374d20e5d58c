/* ip route: add, change, replace, prepend, append, delete. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"
#include "net/link/route.h"

#define HOPS_MAX 32

struct route_words {
    const char *device, *to, *preference;
    struct ip_prefix from;
    struct ip source;
    uint32_t mtu, table, metric, scope, protocol, type, tos, onlink;
    uint32_t window, advmss, hoplimit, initcwnd, initrwnd, quickack;
};

#define NUMBER(name, member, whole)                                                                          \
    {                                                                                                        \
        name, WORD_U32, offsetof(struct route_words, member), 0, NULL, whole                                 \
    }
#define STRING(name, member, whole)                                                                          \
    {                                                                                                        \
        name, WORD_STRING, offsetof(struct route_words, member), 0, NULL, whole                              \
    }

static const struct ip_word change_words[] = {
    STRING("dev", device, true),
    STRING("oif", device, true),
    {"src", WORD_IP, offsetof(struct route_words, source), 0, NULL, true},
    {"from", WORD_PREFIX, offsetof(struct route_words, from), 0, NULL, true},
    {"onlink", WORD_SET, offsetof(struct route_words, onlink), 1, NULL, true},
    NUMBER("tos", tos, true),
    NUMBER("dsfield", tos, false),
    {"scope", WORD_NAME, offsetof(struct route_words, scope), 0, ip_scopes, true},
    NUMBER("mtu", mtu, true),
    NUMBER("hoplimit", hoplimit, true),
    NUMBER("advmss", advmss, true),
    NUMBER("metric", metric, false),
    NUMBER("priority", metric, false),
    NUMBER("preference", metric, true),
    STRING("pref", preference, true),
    {"protocol", WORD_NAME, offsetof(struct route_words, protocol), 0, ip_protocols, false},
    {"table", WORD_NAME, offsetof(struct route_words, table), 0, ip_tables, false},
    NUMBER("window", window, false),
    NUMBER("initcwnd", initcwnd, false),
    NUMBER("initrwnd", initrwnd, false),
    NUMBER("quickack", quickack, false),
    {NULL, WORD_END, 0, 0, NULL, true},
};

/* "via [inet|inet6] ADDRESS". */
static int read_via(char ***words, struct ip *gateway, struct error *err)
{
    int family = AF_UNSPEC;

    ++*words;
    if (**words && (strcmp(**words, "inet") == 0 || strcmp(**words, "inet6") == 0))
        family = strcmp(*(*words)++, "inet") == 0 ? AF_INET : AF_INET6;
    if (!**words || ip_parse(**words, family, gateway) < 0)
        return error_text(err, EINVAL, "\"via\" needs the address of a gateway");
    ++*words;
    return 0;
}

/* "nexthop [via ADDRESS] [dev NAME] [weight N] [onlink]", after its first word. */
static int read_hop(struct ip_call *c, char ***words, struct route_hop *hop, struct error *err)
{
    struct route_words w = {.onlink = 0, .metric = 1};
    static const struct ip_word table[] = {
        STRING("dev", device, true),
        NUMBER("weight", metric, true),
        {"onlink", WORD_SET, offsetof(struct route_words, onlink), RTNH_F_ONLINK, NULL, true},
        {NULL, WORD_END, 0, 0, NULL, true},
    };
    int r;

    *hop = (struct route_hop){0};
    while ((r = ip_words(table, &w, AF_UNSPEC, words, err)) == 1 && strcmp(**words, "via") == 0) {
        r = read_via(words, &hop->gateway, err);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    if (w.metric < 1 || w.metric > 256)
        return error_text(err, EINVAL, "a weight is 1 to 256, not %u", w.metric);
    if (w.device && !ip_link_named(c, w.device, err))
        return err->code;
    hop->device = w.device ? ip_link_named(c, w.device, err)->index : 0;
    hop->weight = w.metric;
    hop->flags = w.onlink;
    return 0;
}

static void set_metric(struct route *r, int which, uint32_t value)
{
    if (value != UNSET)
        r->metrics[which] = value;
}

/* Where the kernel wants a scope or a table that follows from the type: ip-route(8). */
static void set_scope_and_table(const struct route_words *w, bool deleting, struct route *r)
{
    bool of_host = r->type == RTN_LOCAL || r->type == RTN_NAT;
    bool of_link = r->type == RTN_BROADCAST || r->type == RTN_MULTICAST || r->type == RTN_ANYCAST;

    r->table = w->table != UNSET                                  ? w->table
               : of_host || (of_link && r->type != RTN_MULTICAST) ? RT_TABLE_LOCAL
                                                                  : RT_TABLE_MAIN;
    if (w->scope != UNSET)
        r->scope = (uint8_t)w->scope;
    else if (r->family == AF_INET6)
        r->scope = RT_SCOPE_UNIVERSE;
    else if (of_host || of_link)
        r->scope = of_host ? RT_SCOPE_HOST : RT_SCOPE_LINK;
    else if (r->type == RTN_UNICAST || r->type == RTN_UNSPEC)
        r->scope = deleting                            ? RT_SCOPE_NOWHERE
                   : r->gateway.family || r->hop_count ? RT_SCOPE_UNIVERSE
                                                       : RT_SCOPE_LINK;
}

static int to_route(struct ip_call *c, const struct route_words *w, bool deleting, struct route *r,
                    struct error *err)
{
    static const struct ip_name preferences[] = {{"medium", 0}, {"high", 1}, {"low", 3}, {NULL, 0}};
    uint32_t preference;
    int code = ip_prefix_word(w->to, c->options->family, &r->destination, err);

    if (code < 0)
        return code;
    r->from = w->from;
    r->source = w->source;
    r->family = c->options->family                        ? c->options->family
                : r->destination.ip.family                ? r->destination.ip.family
                : w->source.family                        ? w->source.family
                : r->gateway.family                       ? r->gateway.family
                : r->hop_count && r->hops->gateway.family ? r->hops->gateway.family
                                                          : AF_INET;
    r->destination.ip.family = r->family;
    r->type = (uint8_t)(w->type != UNSET ? w->type : deleting ? RTN_UNSPEC : RTN_UNICAST);
    r->protocol = (uint8_t)(w->protocol != UNSET ? w->protocol : deleting ? RTPROT_UNSPEC : RTPROT_BOOT);
    r->tos = (uint8_t)(w->tos == UNSET ? 0 : w->tos);
    r->metric = w->metric == UNSET ? 0 : w->metric;
    r->flags = w->onlink == UNSET ? 0 : RTNH_F_ONLINK;
    set_metric(r, RTAX_MTU, w->mtu);
    set_metric(r, RTAX_WINDOW, w->window);
    set_metric(r, RTAX_ADVMSS, w->advmss);
    set_metric(r, RTAX_HOPLIMIT, w->hoplimit);
    set_metric(r, RTAX_INITCWND, w->initcwnd);
    set_metric(r, RTAX_INITRWND, w->initrwnd);
    set_metric(r, RTAX_QUICKACK, w->quickack);
    set_scope_and_table(w, deleting, r);
    if (w->preference) {
        if (ip_name_parse(preferences, w->preference, &preference) < 0)
            return error_text(err, EINVAL, "\"%s\" is no preference: low, medium or high", w->preference);
        r->preference = (uint8_t)preference;
        r->has_preference = true;
    }
    if (w->device) {
        const struct link *l = ip_link_named(c, w->device, err);

        if (!l)
            return err->code;
        r->device = l->index;
    }
    return 0;
}

int ip_route_change(struct ip_call *c, char **words, uint16_t flags, bool deleting, struct error *err)
{
    struct route_words w = {.table = UNSET,
                            .metric = UNSET,
                            .scope = UNSET,
                            .protocol = UNSET,
                            .type = UNSET,
                            .tos = UNSET,
                            .onlink = UNSET,
                            .mtu = UNSET,
                            .window = UNSET,
                            .advmss = UNSET,
                            .hoplimit = UNSET,
                            .initcwnd = UNSET,
                            .initrwnd = UNSET,
                            .quickack = UNSET};
    struct route_hop hops[HOPS_MAX];
    struct route route = {.hops = hops};
    struct netlink_batch b;
    int r;

    while ((r = ip_words(change_words, &w, c->options->family, &words, err)) == 1) {
        if (strcmp(*words, "via") == 0) {
            r = read_via(&words, &route.gateway, err);
            if (r < 0)
                return r;
            continue;
        }
        if (strcmp(*words, "nexthop") == 0) {
            if (route.hop_count == HOPS_MAX)
                return error_text(err, EINVAL, "a route has at most %d next hops here", HOPS_MAX);
            words++;
            r = read_hop(c, &words, &hops[route.hop_count++], err);
            if (r < 0)
                return r;
            continue;
        }
        if (strcmp(*words, "to") == 0 && words[1])
            words++;
        if ((*words[0] < '0' || *words[0] > '9') && words[1] && w.type == UNSET &&
            ip_name_parse(ip_route_types, *words, &w.type) == 0)
            words++;
        if (w.to)
            return ip_unknown(*words, "ip route", err);
        w.to = *words++;
    }
    if (r < 0)
        return r;
    if (!w.to)
        return error_text(err, EINVAL, "ip route needs a destination: a prefix, an address or \"default\"");
    r = to_route(c, &w, deleting, &route, err);
    if (r < 0)
        return r;
    netlink_batch_init(&b);
    if (deleting)
        route_delete(&b, &route);
    else
        route_add(&b, &route, flags);
    r = ip_exchange(c, &b, NULL, err, "cannot %s the route to %s", deleting ? "delete" : "add", w.to);
    if (r == -ENETUNREACH && !deleting)
        error_remedy(err, "the gateway is in no network of this host: add a route to it, or \"onlink\"");
    return r;
}
