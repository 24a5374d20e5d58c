/* ip route: show, route_get, route_flush; adding and deleting are in route_change.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/in_route.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"
#include "net/link/route.h"

#define TABLE_ALL 0 /* not the table of any route */

/* --- Showing --- */

struct route_filter {
    const char *device, *input, *table;
    struct ip_prefix root, match; /* destinations inside the first, or containing the second */
    struct ip via, source;
    bool has_root, has_match, cached;
    int output_index;
    uint32_t table_id, protocol, scope, type, metric;
};

static void route_show_flags(struct ip_call *c, unsigned flags)
{
    static const struct ip_name names[] = {{"dead", RTNH_F_DEAD},
                                           {"onlink", RTNH_F_ONLINK},
                                           {"pervasive", RTNH_F_PERVASIVE},
                                           {"offload", RTNH_F_OFFLOAD},
                                           {"trap", RTNH_F_TRAP},
                                           {"notify", RTM_F_NOTIFY},
                                           {"linkdown", RTNH_F_LINKDOWN},
                                           {"unresolved", RTNH_F_UNRESOLVED},
                                           {"rt_offload", RTM_F_OFFLOAD},
                                           {"rt_trap", RTM_F_TRAP},
                                           {NULL, 0}};

    output_open(&c->out, "flags", '[');
    for (const struct ip_name *f = names; f->name; f++)
        if (flags & f->value)
            output_string(&c->out, NULL, "%s ", f->name);
    output_close(&c->out, ']');
}

static void route_show_gateway(struct ip_call *c, int family, const struct ip *gateway)
{
    char text[IP_HOST_SIZE];

    if (!gateway->family)
        return;
    ip_host(c, gateway, text);
    if (gateway->family == family) {
        output_string(&c->out, "gateway", "via %s ", text);
        return;
    }
    output_open(&c->out, "via", '{');
    output_string(&c->out, "family", "via %s ", gateway->family == AF_INET ? "inet" : "inet6");
    output_string(&c->out, "host", "%s ", text);
    output_close(&c->out, '}');
}

/* Flags and data that the kernel reports for a looked-up route. */
static void route_show_cache(struct ip_call *c, const struct route *route)
{
    static const struct ip_name names[] = {{"local", RTCF_LOCAL},
                                           {"reject", RTCF_REJECT},
                                           {"mc", RTCF_MULTICAST},
                                           {"brd", RTCF_BROADCAST},
                                           {"dst-nat", RTCF_DNAT},
                                           {"src-nat", RTCF_SNAT},
                                           {"masq", RTCF_MASQ},
                                           {"dst-direct", RTCF_DIRECTDST},
                                           {"src-direct", RTCF_DIRECTSRC},
                                           {"redirected", RTCF_REDIRECTED},
                                           {"redirect", RTCF_DOREDIRECT},
                                           {"fastroute", RTCF_FAST},
                                           {"notify", RTCF_NOTIFY},
                                           {NULL, 0}};
    unsigned left = route->flags & ~0xffffU;
    char number[16];

    output_open(&c->out, "cache", '[');
    output_text(&c->out, "%s    cache ", c->line);
    if (left)
        output_text(&c->out, "<");
    for (const struct ip_name *f = names; f->name; f++)
        if (left & f->value) {
            left &= ~f->value;
            output_string(&c->out, NULL, left ? "%s," : "%s> ", f->name);
        }
    if (left) {
        snprintf(number, sizeof(number), "%x", left);
        output_string(&c->out, NULL, "%s>", number);
    }
    output_close(&c->out, ']');
}

static void route_show_metrics(struct ip_call *c, const struct route *route)
{
    static const char *const names[ROUTE_METRICS] = {
        [RTAX_MTU] = "mtu",           [RTAX_WINDOW] = "window",         [RTAX_RTT] = "rtt",
        [RTAX_RTTVAR] = "rttvar",     [RTAX_SSTHRESH] = "ssthresh",     [RTAX_CWND] = "cwnd",
        [RTAX_ADVMSS] = "advmss",     [RTAX_REORDERING] = "reordering", [RTAX_HOPLIMIT] = "hoplimit",
        [RTAX_INITCWND] = "initcwnd", [RTAX_FEATURES] = "features",     [RTAX_RTO_MIN] = "rto_min",
        [RTAX_INITRWND] = "initrwnd", [RTAX_QUICKACK] = "quickack"};
    bool any = false;

    for (int i = RTAX_MTU; i < ROUTE_METRICS; i++) {
        if (!route->metrics[i] || !names[i] || (i == RTAX_HOPLIMIT && route->metrics[i] == UINT32_MAX))
            continue;
        if (!any) {
            output_open(&c->out, "metrics", '[');
            output_open(&c->out, NULL, '{');
            any = true;
        }
        output_text(&c->out, "%s %s", names[i], route->metrics[RTAX_LOCK] & (1U << i) ? "lock " : "");
        output_number(&c->out, names[i], "%lld ", route->metrics[i]);
    }
    if (any) {
        output_close(&c->out, '}');
        output_close(&c->out, ']');
    }
}

static void route_show_hops(struct ip_call *c, const struct route *route)
{
    struct netlink_view rest = route->multipath;
    struct route_hop hop;

    output_open(&c->out, "nexthops", '[');
    while (route_next_hop(route, &rest, &hop)) {
        output_open(&c->out, NULL, '{');
        output_text(&c->out, "%s\tnexthop ", c->line);
        route_show_gateway(c, route->family, &hop.gateway);
        output_string(&c->out, "dev", "dev %s ", ip_link_name(c, hop.device));
        output_number(&c->out, "weight", "weight %lld ", hop.weight);
        route_show_flags(c, hop.flags);
        output_close(&c->out, '}');
    }
    output_close(&c->out, ']');
}

/* Destination and source, at the start of the line. */
static void route_show_ends(struct ip_call *c, const struct route *route)
{
    bool details = c->options->details;
    char text[PREFIX_TEXT_SIZE], number[16];

    if (route->type != RTN_UNICAST || details)
        output_string(&c->out, "type", "%s ", ip_label(c, ip_route_types, route->type, number));
    prefix_format(&route->destination, text);
    output_string(&c->out, "dst", "%s ", route->destination.length ? text : "default");
    if (route->from.ip.family)
        output_string(&c->out, "from", "from %s ", prefix_format(&route->from, text));
    if (route->nexthop_id)
        output_number(&c->out, "nhid", "nhid %lld ", route->nexthop_id);
    if (route->tos) {
        snprintf(number, sizeof(number), "0x%02x", route->tos);
        output_string(&c->out, "tos", "tos %s ", number);
    }
}

static const struct route_filter everything = {
    .protocol = UNSET, .scope = UNSET, .metric = UNSET, .table_id = TABLE_ALL};

static void route_show_one(struct ip_call *c, const struct route *route, const struct route_filter *f)
{
    bool details = c->options->details;
    char text[IP_TEXT_SIZE], number[16];

    output_open(&c->out, NULL, '{');
    ip_event_begin(c);
    route_show_ends(c, route);
    if (!f->via.family)
        route_show_gateway(c, route->family, &route->gateway);
    if (route->device && !f->output_index)
        output_string(&c->out, "dev", "dev %s ", ip_link_name(c, route->device));
    if (route->table && (route->table != RT_TABLE_MAIN || details) && f->table_id == TABLE_ALL)
        output_string(&c->out, "table", "table %s ", ip_label(c, ip_tables, route->table, number));
    if (!(route->flags & RTM_F_CLONED) && (route->protocol != RTPROT_BOOT || details) && f->protocol == UNSET)
        output_string(&c->out, "protocol", "proto %s ", ip_label(c, ip_protocols, route->protocol, number));
    if (!(route->flags & RTM_F_CLONED) && (route->scope != RT_SCOPE_UNIVERSE || details) && f->scope == UNSET)
        output_string(&c->out, "scope", "scope %s ", ip_label(c, ip_scopes, route->scope, number));
    if (route->source.family && !f->source.family)
        output_string(&c->out, "prefsrc", "src %s ", ip_format(&route->source, text));
    if (route->has_metric && f->metric == UNSET)
        output_number(&c->out, "metric", "metric %lld ", route->metric);
    route_show_flags(c, route->flags);
    if (route->mark)
        output_number(&c->out, "mark", route->mark >= 16 ? "mark 0x%llx " : "mark %lld ", route->mark);
    if (route->has_uid)
        output_number(&c->out, "uid", "uid %lld ", route->uid);
    if (route->family == AF_INET && route->flags & RTM_F_CLONED)
        route_show_cache(c, route);
    if (route->expires)
        output_number(&c->out, "expires", "expires %lldsec ", route->expires / (int32_t)sysconf(_SC_CLK_TCK));
    if (route->cache_error)
        output_number(&c->out, "error", "error %lld ", route->cache_error);
    route_show_metrics(c, route);
    if (route->input)
        output_string(&c->out, "iif", "iif %s ", ip_link_name(c, route->input));
    if (route->has_preference)
        output_string(&c->out, "pref", "pref %s",
                      route->preference == 1   ? "high"
                      : route->preference == 3 ? "low"
                                               : "medium");
    if (route->multipath.length)
        route_show_hops(c, route);
    output_text(&c->out, "\n");
    output_close(&c->out, '}');
}

void ip_route_event(struct ip_call *c, const struct netlink_message *m)
{
    struct route r;

    if (route_parse(m, &r))
        route_show_one(c, &r, &everything);
}

static bool route_covers(const struct ip_prefix *wide, const struct ip_prefix *narrow)
{
    if (wide->length > narrow->length)
        return false;
    for (unsigned bit = 0; bit < wide->length; bit++)
        if ((wide->ip.bytes[bit / 8] ^ narrow->ip.bytes[bit / 8]) & (0x80 >> bit % 8))
            return false;
    return true;
}

/* A route of several hops is by each of their interfaces. */
static bool route_is_by(const struct route *route, int device)
{
    struct netlink_view rest = route->multipath;
    struct route_hop hop;

    if (route->device == device)
        return true;
    while (route->multipath.length && route_next_hop(route, &rest, &hop))
        if (hop.device == device)
            return true;
    return false;
}

static bool route_passes(const struct ip_call *c, const struct route_filter *f, const struct route *route)
{
    int family = c->options->family;

    if ((family != AF_UNSPEC && route->family != family) ||
        (f->table_id != TABLE_ALL && route->table != f->table_id))
        return false;
    if (f->cached != ((route->flags & RTM_F_CLONED) != 0))
        return false;
    if ((f->protocol != UNSET && route->protocol != f->protocol) ||
        (f->scope != UNSET && route->scope != f->scope) || (f->type != UNSET && route->type != f->type) ||
        (f->metric != UNSET && route->metric != f->metric) ||
        (f->output_index && !route_is_by(route, f->output_index)))
        return false;
    if ((f->via.family && !ip_equal(&f->via, &route->gateway)) ||
        (f->source.family && !ip_equal(&f->source, &route->source)))
        return false;
    if (f->has_root && ((f->root.ip.family && f->root.ip.family != route->family) ||
                        !route_covers(&f->root, &route->destination)))
        return false;
    return !f->has_match || ((!f->match.ip.family || f->match.ip.family == route->family) &&
                             route_covers(&route->destination, &f->match));
}

/* "[to] [root|match|exact] PREFIX". */
static int route_read_selector(struct ip_call *c, char ***words, struct route_filter *f, struct error *err)
{
    bool root = true, match = true;
    struct ip_prefix p;
    int r;

    if (strcmp(**words, "to") == 0 && (*words)[1])
        ++*words;
    if ((*words)[1] &&
        (strcmp(**words, "root") == 0 || strcmp(**words, "match") == 0 || strcmp(**words, "exact") == 0)) {
        match = strcmp(**words, "root") != 0;
        root = strcmp(**words, "match") != 0;
        ++*words;
    }
    r = ip_prefix_word(*(*words)++, c->options->family, &p, err);
    if (r < 0)
        return r;
    if (root)
        f->root = p;
    if (match)
        f->match = p;
    f->has_root |= root;
    f->has_match |= match;
    return 0;
}

static int route_read_table(struct route_filter *f, struct error *err)
{
    if (!f->table)
        return 0;
    if (strcmp(f->table, "all") == 0)
        f->table_id = TABLE_ALL;
    else if (strcmp(f->table, "cache") == 0)
        f->cached = true;
    else if (ip_name_parse(ip_tables, f->table, &f->table_id) < 0)
        return error_text(err, EINVAL, "\"%s\" is not a routing table", f->table);
    return 0;
}

static int route_read_filter(struct ip_call *c, char **words, struct route_filter *f, struct error *err)
{
    static const struct ip_word table[] = {
        {"table", WORD_STRING, offsetof(struct route_filter, table), 0, NULL, false},
        {"cached", WORD_TRUE, offsetof(struct route_filter, cached), 0, NULL, false},
        {"cloned", WORD_TRUE, offsetof(struct route_filter, cached), 0, NULL, false},
        {"proto", WORD_NAME, offsetof(struct route_filter, protocol), 0, ip_protocols, true},
        {"protocol", WORD_NAME, offsetof(struct route_filter, protocol), 0, ip_protocols, false},
        {"scope", WORD_NAME, offsetof(struct route_filter, scope), 0, ip_scopes, false},
        {"type", WORD_NAME, offsetof(struct route_filter, type), 0, ip_route_types, true},
        {"dev", WORD_STRING, offsetof(struct route_filter, device), 0, NULL, true},
        {"oif", WORD_STRING, offsetof(struct route_filter, device), 0, NULL, true},
        {"via", WORD_IP, offsetof(struct route_filter, via), 0, NULL, true},
        {"src", WORD_IP, offsetof(struct route_filter, source), 0, NULL, true},
        {"metric", WORD_U32, offsetof(struct route_filter, metric), 0, NULL, false},
        {NULL, WORD_END, 0, 0, NULL, true},
    };
    const struct link *l;
    int r;

    *f = (struct route_filter){
        .table_id = RT_TABLE_MAIN, .protocol = UNSET, .scope = UNSET, .type = UNSET, .metric = UNSET};
    while ((r = ip_words(table, f, c->options->family, &words, err)) == 1) {
        r = route_read_selector(c, &words, f, err);
        if (r < 0)
            return r;
    }
    if (r == 0)
        r = route_read_table(f, err);
    if (r == 0 && f->device) {
        l = ip_link_named(c, f->device, err);
        r = l ? 0 : err->code;
        f->output_index = l ? l->index : 0;
    }
    return r;
}

static int route_dump_all(struct ip_call *c, const struct route_filter *f, struct strbuf *replies,
                          struct error *err)
{
    int family = c->options->family;

    /* As in iproute2: IPv4 by default, both families if all tables are requested. */
    if (family == AF_UNSPEC && f->table_id != TABLE_ALL)
        family = f->root.ip.family == AF_INET6 ? AF_INET6 : AF_INET;
    return route_dump(&c->n, family, f->cached ? 0 : f->table_id, f->cached, replies, err);
}

static int route_show(struct ip_call *c, char **words, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct route_filter f;
    struct netlink_message m;
    struct netlink_view rest;
    struct route route;
    int r = route_read_filter(c, words, &f, err);

    if (r == 0)
        r = route_dump_all(c, &f, &replies, err);
    if (r < 0)
        return r;
    output_open(&c->out, NULL, '[');
    for (rest = netlink_view_of(&replies); netlink_next_message(&rest, &m);)
        if (route_parse(&m, &route) && route_passes(c, &f, &route))
            route_show_one(c, &route, &f);
    output_close(&c->out, ']');
    return 0;
}

static int route_flush(struct ip_call *c, char **words, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct route_filter f;
    struct netlink_batch b;
    struct netlink_message m;
    struct netlink_view rest;
    struct route route;
    int r;

    if (!words[0])
        return error_text(err, EINVAL, "ip route flush needs a filter: a table, an interface, a prefix");
    r = route_read_filter(c, words, &f, err);
    if (r == 0)
        r = route_dump_all(c, &f, &replies, err);
    for (rest = netlink_view_of(&replies); r == 0 && netlink_next_message(&rest, &m);) {
        if (!route_parse(&m, &route) || !route_passes(c, &f, &route))
            continue;
        netlink_batch_init(&b);
        route_delete(&b, &route);
        r = ip_exchange(c, &b, NULL, err, "cannot delete a route");
        r = r == -ESRCH ? 0 : r; /* deleted together with another one */
    }
    return r;
}

/* --- Looking up --- */

struct get_words {
    const char *device, *input;
    struct ip from;
    uint32_t mark, uid, tos;
    bool connected, match;
};

static int route_get(struct ip_call *c, char **words, struct error *err)
{
    static const struct ip_word table[] = {
        {"from", WORD_IP, offsetof(struct get_words, from), 0, NULL, true},
        {"dev", WORD_STRING, offsetof(struct get_words, device), 0, NULL, true},
        {"oif", WORD_STRING, offsetof(struct get_words, device), 0, NULL, true},
        {"iif", WORD_STRING, offsetof(struct get_words, input), 0, NULL, true},
        {"mark", WORD_U32, offsetof(struct get_words, mark), 0, NULL, true},
        {"uid", WORD_U32, offsetof(struct get_words, uid), 0, NULL, false},
        {"tos", WORD_U32, offsetof(struct get_words, tos), 0, NULL, true},
        {"fibmatch", WORD_TRUE, offsetof(struct get_words, match), 0, NULL, false},
        {NULL, WORD_END, 0, 0, NULL, true},
    };
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct get_words w = {.mark = UNSET, .uid = UNSET, .tos = UNSET};
    struct route route = {0}, found;
    struct netlink_message m;
    struct netlink_batch b;
    struct netlink_view rest;
    const char *to = NULL;
    const struct link *l;
    int r;

    while ((r = ip_words(table, &w, c->options->family, &words, err)) == 1) {
        if (strcmp(*words, "to") == 0 && words[1])
            words++;
        if (to)
            return ip_unknown(*words, "ip route get", err);
        to = *words++;
    }
    if (r == 0 && !to)
        r = error_text(err, EINVAL, "ip route get needs an address");
    if (r == 0)
        r = ip_prefix_word(to, c->options->family, &route.destination, err);
    if (r < 0)
        return r;
    if (w.from.family)
        route.from = (struct ip_prefix){w.from, (uint8_t)(ip_size(w.from.family) * 8)};
    if (w.device) {
        if (!(l = ip_link_named(c, w.device, err)))
            return err->code;
        route.device = l->index;
    }
    if (w.input) {
        if (!(l = ip_link_named(c, w.input, err)))
            return err->code;
        route.input = l->index;
    }
    route.mark = w.mark == UNSET ? 0 : w.mark;
    route.tos = (uint8_t)(w.tos == UNSET ? 0 : w.tos);
    route.has_uid = w.uid != UNSET;
    route.uid = w.uid;
    route.flags =
        (route.destination.ip.family == AF_INET ? RTM_F_LOOKUP_TABLE : 0) | (w.match ? RTM_F_FIB_MATCH : 0);
    netlink_batch_init(&b);
    route_lookup(&b, &route);
    r = ip_exchange(c, &b, &replies, err, "cannot find the route to %s", to);
    if (r < 0)
        return r;
    output_open(&c->out, NULL, '[');
    for (rest = netlink_view_of(&replies); netlink_next_message(&rest, &m);)
        if (route_parse(&m, &found))
            route_show_one(c, &found, &everything);
    output_close(&c->out, ']');
    return 0;
}

int ip_route(struct ip_call *c, char **words, struct error *err)
{
    static const struct {
        const char *name;
        uint16_t flags;
    } changes[] = {{"add", NLM_F_CREATE | NLM_F_EXCL},
                   {"change", NLM_F_REPLACE},
                   {"replace", NLM_F_CREATE | NLM_F_REPLACE},
                   {"prepend", NLM_F_CREATE},
                   {"append", NLM_F_CREATE | NLM_F_APPEND}};

    if (!words[0])
        return route_show(c, words, err);
    if (ip_is_show(words[0]))
        return route_show(c, words + 1, err);
    if (ip_matches(words[0], "get"))
        return route_get(c, words + 1, err);
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++)
        if (ip_matches(words[0], changes[i].name))
            return ip_route_change(c, words + 1, changes[i].flags, false, err);
    if (ip_matches(words[0], "delete"))
        return ip_route_change(c, words + 1, 0, true, err);
    if (ip_matches(words[0], "flush"))
        return route_flush(c, words + 1, err);
    return ip_unknown(words[0], "ip route", err);
}
