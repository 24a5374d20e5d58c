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
static int route_read_via(char ***words, struct ip *gateway, struct error *err)
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
static int route_read_hop(struct ip_call *c, char ***words, struct route_hop *hop, struct error *err)
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
        r = route_read_via(words, &hop->gateway, err);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    if (w.metric < 1 || w.metric > 256)
        return error_text(err, EINVAL, "a weight must be from 1 to 256, not %u", w.metric);
    if (w.device && !ip_link_named(c, w.device, err))
        return err->code;
    hop->device = w.device ? ip_link_named(c, w.device, err)->index : 0;
    hop->weight = w.metric;
    hop->flags = w.onlink;
    return 0;
}

static void route_set_metric(struct route *route, int which, uint32_t value)
{
    if (value != UNSET)
        route->metrics[which] = value;
}

/* Set the scope and the table that the kernel requires for the type: ip-route(8). */
static void route_set_scope_and_table(const struct route_words *w, bool deleting, struct route *route)
{
    bool of_host = route->type == RTN_LOCAL || route->type == RTN_NAT;
    bool of_link = route->type == RTN_BROADCAST || route->type == RTN_MULTICAST || route->type == RTN_ANYCAST;

    route->table = w->table != UNSET                                      ? w->table
                   : of_host || (of_link && route->type != RTN_MULTICAST) ? RT_TABLE_LOCAL
                                                                          : RT_TABLE_MAIN;
    if (w->scope != UNSET)
        route->scope = (uint8_t)w->scope;
    else if (route->family == AF_INET6)
        route->scope = RT_SCOPE_UNIVERSE;
    else if (of_host || of_link)
        route->scope = of_host ? RT_SCOPE_HOST : RT_SCOPE_LINK;
    else if (route->type == RTN_UNICAST || route->type == RTN_UNSPEC)
        route->scope = deleting                                    ? RT_SCOPE_NOWHERE
                       : route->gateway.family || route->hop_count ? RT_SCOPE_UNIVERSE
                                                                   : RT_SCOPE_LINK;
}

static int route_read(struct ip_call *c, const struct route_words *w, bool deleting, struct route *route,
                      struct error *err)
{
    static const struct ip_name preferences[] = {{"medium", 0}, {"high", 1}, {"low", 3}, {NULL, 0}};
    uint32_t preference;
    int code = ip_prefix_word(w->to, c->options->family, &route->destination, err);

    if (code < 0)
        return code;
    route->from = w->from;
    route->source = w->source;
    route->family = c->options->family                                ? c->options->family
                    : route->destination.ip.family                    ? route->destination.ip.family
                    : w->source.family                                ? w->source.family
                    : route->gateway.family                           ? route->gateway.family
                    : route->hop_count && route->hops->gateway.family ? route->hops->gateway.family
                                                                      : AF_INET;
    route->destination.ip.family = route->family;
    route->type = (uint8_t)(w->type != UNSET ? w->type : deleting ? RTN_UNSPEC : RTN_UNICAST);
    route->protocol = (uint8_t)(w->protocol != UNSET ? w->protocol : deleting ? RTPROT_UNSPEC : RTPROT_BOOT);
    route->tos = (uint8_t)(w->tos == UNSET ? 0 : w->tos);
    route->metric = w->metric == UNSET ? 0 : w->metric;
    route->flags = w->onlink == UNSET ? 0 : RTNH_F_ONLINK;
    route_set_metric(route, RTAX_MTU, w->mtu);
    route_set_metric(route, RTAX_WINDOW, w->window);
    route_set_metric(route, RTAX_ADVMSS, w->advmss);
    route_set_metric(route, RTAX_HOPLIMIT, w->hoplimit);
    route_set_metric(route, RTAX_INITCWND, w->initcwnd);
    route_set_metric(route, RTAX_INITRWND, w->initrwnd);
    route_set_metric(route, RTAX_QUICKACK, w->quickack);
    route_set_scope_and_table(w, deleting, route);
    if (w->preference) {
        if (ip_name_parse(preferences, w->preference, &preference) < 0)
            return error_text(err, EINVAL, "\"%s\" is not a preference: low, medium or high", w->preference);
        route->preference = (uint8_t)preference;
        route->has_preference = true;
    }
    if (w->device) {
        const struct link *l = ip_link_named(c, w->device, err);

        if (!l)
            return err->code;
        route->device = l->index;
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
            r = route_read_via(&words, &route.gateway, err);
            if (r < 0)
                return r;
            continue;
        }
        if (strcmp(*words, "nexthop") == 0) {
            if (route.hop_count == HOPS_MAX)
                return error_text(err, EINVAL, "a route has at most %d next hops here", HOPS_MAX);
            words++;
            r = route_read_hop(c, &words, &hops[route.hop_count++], err);
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
    r = route_read(c, &w, deleting, &route, err);
    if (r < 0)
        return r;
    netlink_batch_init(&b);
    if (deleting)
        route_delete(&b, &route);
    else
        route_add(&b, &route, flags);
    r = ip_exchange(c, &b, NULL, err, "cannot %s the route to %s", deleting ? "delete" : "add", w.to);
    if (r == -ENETUNREACH && !deleting)
        error_remedy(err, "the gateway is not in a network of this host: add a route to it, or \"onlink\"");
    return r;
}
