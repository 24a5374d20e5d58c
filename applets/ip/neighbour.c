/* ip neighbour: add, neighbour_change, replace, delete, neighbour_show, flush. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"
#include "net/link/neighbour.h"

#define NOISE (NUD_NOARP | NUD_NONE) /* states that are shown only on request */

static const struct ip_name states[] = {
    {"permanent", NUD_PERMANENT}, {"reachable", NUD_REACHABLE},
    {"noarp", NUD_NOARP},         {"none", NUD_NONE},
    {"stale", NUD_STALE},         {"incomplete", NUD_INCOMPLETE},
    {"delay", NUD_DELAY},         {"probe", NUD_PROBE},
    {"failed", NUD_FAILED},       {NULL, 0},
};

struct neighbour_words {
    const char *device, *address, *ip, *state;
    struct ip_prefix to;
    uint32_t proxy, router;
    bool has_state;
    uint32_t mask;
    int index;
};

static const struct ip_word words_table[] = {
    {"dev", WORD_STRING, offsetof(struct neighbour_words, device), 0, NULL, true},
    {"lladdr", WORD_STRING, offsetof(struct neighbour_words, address), 0, NULL, true},
    {"nud", WORD_STRING, offsetof(struct neighbour_words, state), 0, NULL, true},
    {"state", WORD_STRING, offsetof(struct neighbour_words, state), 0, NULL, true},
    {"proxy", WORD_SET, offsetof(struct neighbour_words, proxy), NTF_PROXY, NULL, true},
    {"router", WORD_SET, offsetof(struct neighbour_words, router), NTF_ROUTER, NULL, true},
    {NULL, WORD_END, 0, 0, NULL, true},
};

static int neighbour_find_device(struct ip_call *c, struct neighbour_words *w, struct error *err)
{
    const struct link *l = w->device ? ip_link_named(c, w->device, err) : NULL;

    if (w->device && !l)
        return err->code;
    w->index = l ? l->index : 0;
    return 0;
}

/* --- Showing --- */

static void neighbour_show_states(struct ip_call *c, const struct neighbour *a)
{
    static const struct ip_name names[] = {
        {"INCOMPLETE", NUD_INCOMPLETE}, {"REACHABLE", NUD_REACHABLE}, {"STALE", NUD_STALE},
        {"DELAY", NUD_DELAY},           {"PROBE", NUD_PROBE},         {"FAILED", NUD_FAILED},
        {"NOARP", NUD_NOARP},           {"PERMANENT", NUD_PERMANENT}, {NULL, 0}};

    if (!a->state)
        return;
    output_open(&c->out, "state", '[');
    for (const struct ip_name *s = names; s->name; s++)
        if (a->state & s->value)
            output_string(&c->out, NULL, "%s ", s->name);
    output_close(&c->out, ']');
}

static void neighbour_show_times(struct ip_call *c, const struct neighbour *a)
{
    uint32_t hz = (uint32_t)sysconf(_SC_CLK_TCK);

    if (a->has_times) {
        if (a->references)
            output_number(&c->out, "refcnt", " ref %lld", a->references);
        output_number(&c->out, "used", " used %lld", a->used_ticks / hz);
        output_number(&c->out, "confirmed", "/%lld", a->confirmed_ticks / hz);
        output_number(&c->out, "updated", "/%lld", a->updated_ticks / hz);
    }
    output_number(&c->out, "probes", "probes %lld ", a->probes);
}

static void neighbour_show_one(struct ip_call *c, const struct neighbour *a, int device)
{
    char text[IP_HOST_SIZE], hardware[3 * LINK_ADDRESS_MAX], number[16];
    const struct link *l = ip_link_at(c, a->index);
    const struct link unknown = {0};
    bool brief = c->options->brief;

    output_open(&c->out, NULL, '{');
    ip_event_begin(c);
    if (a->ip.family)
        output_string(&c->out, "dst", brief ? "%-40s" : "%s ", ip_host(c, &a->ip, text));
    if (a->index && !device)
        output_string(&c->out, "dev", brief ? "%-17s" : "dev %s ", ip_link_name(c, a->index));
    if (a->address_size)
        output_string(&c->out, "lladdr", brief ? "%s" : "lladdr %s ",
                      ip_hardware_address(l ? l : &unknown, a->address, a->address_size, hardware));
    if (!brief) {
        if (a->flags & NTF_ROUTER)
            output_null(&c->out, "router", "router ");
        if (a->flags & NTF_PROXY)
            output_null(&c->out, "proxy", "proxy ");
        if (a->flags & NTF_EXT_LEARNED)
            output_null(&c->out, "extern_learn", "extern_learn ");
        if (a->flags & NTF_OFFLOADED)
            output_null(&c->out, "offload", "offload ");
        if (c->options->statistics)
            neighbour_show_times(c, a);
        neighbour_show_states(c, a);
        if (a->protocol)
            output_string(&c->out, "protocol", "proto %s ", ip_label(c, ip_protocols, a->protocol, number));
    }
    output_text(&c->out, "\n");
    output_close(&c->out, '}');
}

void ip_neighbour_event(struct ip_call *c, const struct netlink_message *m)
{
    int family = c->options->family;
    struct neighbour a;

    if (neighbour_parse(m, &a) && (!family || family == a.ip.family))
        neighbour_show_one(c, &a, 0);
}

static int neighbour_read_filter(struct ip_call *c, char **words, struct neighbour_words *w, uint32_t mask,
                                 struct error *err)
{
    int r;

    *w = (struct neighbour_words){.mask = mask};
    while ((r = ip_words(words_table, w, c->options->family, &words, err)) == 1) {
        if (strcmp(*words, "to") == 0 && words[1])
            words++;
        if (strcmp(*words, "unused") == 0 || w->ip)
            return ip_unknown(*words, "ip neighbour", err);
        w->ip = *words;
        r = ip_prefix_word(*words++, c->options->family, &w->to, err);
        if (r < 0)
            return r;
    }
    if (r == 0 && w->state) {
        uint32_t state;

        if (strcmp(w->state, "all") == 0)
            w->mask = UNSET;
        else if (ip_name_parse(states, w->state, &state) == 0)
            w->mask = state ? state : 0x100;
        else
            return error_text(err, EINVAL, "\"%s\" is not a state of a neighbour", w->state);
    }
    return r == 0 ? neighbour_find_device(c, w, err) : r;
}

static bool neighbour_passes(const struct ip_call *c, const struct neighbour_words *w,
                             const struct neighbour *a)
{
    if ((c->options->family && c->options->family != a->ip.family) || (w->index && a->index != w->index))
        return false;
    if (!(w->mask & a->state) && !(a->flags & (NTF_PROXY | NTF_EXT_LEARNED)) &&
        (a->state || !(w->mask & 0x100)))
        return false;
    if (w->to.ip.family && w->to.ip.family != a->ip.family)
        return false;
    for (unsigned bit = 0; bit < w->to.length; bit++)
        if ((w->to.ip.bytes[bit / 8] ^ a->ip.bytes[bit / 8]) & (0x80 >> bit % 8))
            return false;
    return true;
}

static int neighbour_show(struct ip_call *c, char **words, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct neighbour_words w;
    struct netlink_message m;
    struct netlink_view rest;
    struct neighbour a;
    int r = neighbour_read_filter(c, words, &w, 0xff & ~NUD_NOARP, err);

    if (r == 0)
        r = neighbour_dump(&c->n, c->options->family, w.index, w.proxy != 0, &replies, err);
    if (r < 0)
        return r;
    output_open(&c->out, NULL, '[');
    for (rest = netlink_view_of(&replies); netlink_next_message(&rest, &m);)
        if (neighbour_parse(&m, &a) && neighbour_passes(c, &w, &a))
            neighbour_show_one(c, &a, w.index);
    output_close(&c->out, ']');
    return 0;
}

static int neighbour_flush(struct ip_call *c, char **words, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct neighbour_words w;
    struct netlink_message m;
    struct netlink_view rest;
    struct netlink_batch b;
    struct neighbour a;
    int r;

    if (!words[0])
        return error_text(err, EINVAL, "ip neighbour flush needs a filter, for example an interface");
    r = neighbour_read_filter(c, words, &w, 0xff & ~(NUD_PERMANENT | NUD_NOARP), err);
    if (r == 0)
        r = neighbour_dump(&c->n, c->options->family, w.index, w.proxy != 0, &replies, err);
    for (rest = netlink_view_of(&replies); r == 0 && netlink_next_message(&rest, &m);) {
        if (!neighbour_parse(&m, &a) || !neighbour_passes(c, &w, &a))
            continue;
        netlink_batch_init(&b);
        neighbour_delete(&b, &a);
        r = ip_exchange(c, &b, NULL, err, "cannot delete a neighbour");
        r = r == -ENOENT ? 0 : r;
    }
    return r;
}

/* --- Changing --- */

static int neighbour_change(struct ip_call *c, char **words, uint16_t flags, bool deleting, struct error *err)
{
    struct neighbour_words w = {0};
    struct neighbour a = {.state = NUD_PERMANENT};
    struct netlink_batch b;
    uint32_t state;
    int r;

    while ((r = ip_words(words_table, &w, c->options->family, &words, err)) == 1) {
        if (strcmp(*words, "to") == 0 && words[1])
            words++;
        if (w.ip)
            return ip_unknown(*words, "ip neighbour", err);
        w.ip = *words++;
    }
    if (r < 0)
        return r;
    if (!w.ip || !w.device)
        return error_text(err, EINVAL, "ip neighbour needs an address, and an interface after \"dev\"");
    if (ip_parse(w.ip, c->options->family, &a.ip) < 0)
        return error_text(err, EINVAL, "\"%s\" is not an address", w.ip);
    if (w.state && ip_name_parse(states, w.state, &state) < 0)
        return error_text(err, EINVAL, "\"%s\" is not a state of a neighbour", w.state);
    if (w.state)
        a.state = (uint16_t)state;
    if (w.address) {
        int n = link_address_parse(w.address, a.address);

        if (n < 0)
            return error_text(err, EINVAL, "\"%s\" is not a hardware address", w.address);
        a.address_size = (size_t)n;
    }
    a.flags = (uint8_t)(w.proxy | w.router);
    r = neighbour_find_device(c, &w, err);
    a.index = w.index;
    if (r < 0)
        return r;
    netlink_batch_init(&b);
    if (deleting)
        neighbour_delete(&b, &a);
    else
        neighbour_add(&b, &a, flags);
    return ip_exchange(c, &b, NULL, err, "cannot %s neighbour %s on %s", deleting ? "delete" : "add", w.ip,
                       w.device);
}

int ip_neighbour(struct ip_call *c, char **words, struct error *err)
{
    if (!words[0])
        return neighbour_show(c, words, err);
    if (ip_matches(words[0], "add"))
        return neighbour_change(c, words + 1, NLM_F_CREATE | NLM_F_EXCL, false, err);
    if (ip_matches(words[0], "change") || strcmp(words[0], "chg") == 0)
        return neighbour_change(c, words + 1, NLM_F_REPLACE, false, err);
    if (ip_matches(words[0], "replace"))
        return neighbour_change(c, words + 1, NLM_F_CREATE | NLM_F_REPLACE, false, err);
    if (ip_matches(words[0], "delete"))
        return neighbour_change(c, words + 1, 0, true, err);
    if (ip_is_show(words[0]))
        return neighbour_show(c, words + 1, err);
    if (ip_matches(words[0], "flush"))
        return neighbour_flush(c, words + 1, err);
    return ip_unknown(words[0], "ip neighbour", err);
}
