/* ip address: add, address_change, replace, delete, address_show, flush. */
#include <errno.h>
#include <fnmatch.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"

/* In the order in which iproute2 prints them; `settable`: may be given when adding. */
static const struct address_flag {
    const char *name;
    uint32_t flag;
    bool settable;
} flags[] = {
    {"secondary", IFA_F_SECONDARY, false},      {"nodad", IFA_F_NODAD, true},
    {"optimistic", IFA_F_OPTIMISTIC, true},     {"dadfailed", IFA_F_DADFAILED, false},
    {"home", IFA_F_HOMEADDRESS, true},          {"deprecated", IFA_F_DEPRECATED, false},
    {"tentative", IFA_F_TENTATIVE, false},      {"permanent", IFA_F_PERMANENT, false},
    {"mngtmpaddr", IFA_F_MANAGETEMPADDR, true}, {"noprefixroute", IFA_F_NOPREFIXROUTE, true},
    {"autojoin", IFA_F_MCAUTOJOIN, true},       {"stable-privacy", IFA_F_STABLE_PRIVACY, false},
};

/* --- Showing --- */

struct address_filter {
    struct ip_link_filter link;
    struct ip_prefix to;
    uint32_t scope, flags, flag_mask;
    const char *label; /* a pattern; NULL: any */
    bool any;          /* filters addresses: links without a matching one are omitted */
};

static bool address_is_within(const struct ip_prefix *p, const struct ip *ip)
{
    if (p->ip.family && p->ip.family != ip->family)
        return false;
    for (unsigned bit = 0; bit < p->length; bit++)
        if ((p->ip.bytes[bit / 8] ^ ip->bytes[bit / 8]) & (0x80 >> bit % 8))
            return false;
    return true;
}

/* `name`: of the interface of the address. */
static bool address_passes(const struct ip_call *c, const struct address_filter *f, const struct address *a,
                           const char *name)
{
    int family = c->shown_family;

    /* An IPv6 address has no label: the name of its interface is used. */
    if (f->label && fnmatch(f->label, a->label[0] ? a->label : name, 0) != 0)
        return false;
    return (family == AF_UNSPEC || family == a->local.family) &&
           (f->scope == UNSET || f->scope == a->scope) && !((f->flags ^ a->flags) & f->flag_mask) &&
           address_is_within(&f->to, &a->local);
}

static void address_show_flags(struct ip_call *c, const struct address *a)
{
    uint32_t left = a->flags;
    char number[16];

    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
        uint32_t flag = flags[i].flag;
        char text[20];
        const char *name = flag == IFA_F_SECONDARY && a->local.family == AF_INET6 ? "temporary"
                           : flag == IFA_F_PERMANENT                              ? "dynamic"
                                                                                  : flags[i].name;

        snprintf(text, sizeof(text), "%s ", name);
        if (((left & flag) != 0) != (flag == IFA_F_PERMANENT))
            output_true(&c->out, name, text);
        left &= ~flag;
    }
    if (left) {
        snprintf(number, sizeof(number), "%02x", left);
        output_string(&c->out, "ifa_flags", "flags %s ", number);
    }
}

/* Who made it, linux/if_addr.h: the names of iproute2. */
static void address_show_protocol(struct ip_call *c, uint8_t protocol)
{
    static const char *const names[] = {NULL, "kernel_lo", "kernel_ra", "kernel_ll"};
    char number[8];

    snprintf(number, sizeof(number), "0x%02x", protocol);
    output_string(&c->out, "protocol", "proto %s ",
                  protocol < ARRAY_LENGTH(names) ? names[protocol] : number);
}

static void address_show_lifetime(struct ip_call *c, const char *key, const char *text, uint32_t seconds)
{
    output_text(&c->out, "%s", text);
    if (seconds == ADDRESS_FOREVER && !c->out.json)
        output_text(&c->out, "forever");
    else
        output_number(&c->out, key, "%lldsec", seconds);
}

static void address_show_one(struct ip_call *c, const struct address *a)
{
    char text[IP_HOST_SIZE], number[16];

    if (!c->options->brief) {
        bool named = c->options->oneline || c->events;

        if (named && !c->out.json) {
            output_text(&c->out, "%d: %s", a->index, ip_link_name(c, a->index));
        } else if (named) {
            output_number(&c->out, "index", NULL, a->index);
            output_string(&c->out, "dev", NULL, ip_link_name(c, a->index));
        }
        output_string(&c->out, "family", "    %s ", a->local.family == AF_INET ? "inet" : "inet6");
    }
    output_string(&c->out, "local", "%s", ip_host(c, &a->local, text));
    if (a->peer.family)
        output_string(&c->out, "address", " peer %s", ip_host(c, &a->peer, text));
    output_number(&c->out, "prefixlen", "/%lld ", a->length);
    if (a->metric)
        output_number(&c->out, "metric", "metric %lld ", a->metric);
    if (c->options->brief)
        return;
    if (a->broadcast.family)
        output_string(&c->out, "broadcast", "brd %s ", ip_host(c, &a->broadcast, text));
    output_string(&c->out, "scope", "scope %s ", ip_label(c, ip_scopes, a->scope, number));
    address_show_flags(c, a);
    if (a->protocol)
        address_show_protocol(c, a->protocol);
    if (a->label[0])
        output_string(&c->out, "label", "%s", a->label);
    if (a->has_lifetime) {
        output_text(&c->out, "%s", c->line);
        address_show_lifetime(c, "valid_life_time", "       valid_lft ", a->valid_seconds);
        address_show_lifetime(c, "preferred_life_time", " preferred_lft ", a->preferred_seconds);
    }
    output_text(&c->out, "\n");
}

void ip_address_event(struct ip_call *c, const struct netlink_message *m)
{
    struct address a;

    if (!address_parse(m, &a))
        return;
    output_open(&c->out, NULL, '{');
    ip_event_begin(c);
    address_show_one(c, &a);
    output_close(&c->out, '}');
}

/* Print a link with its matching addresses. */
static void address_show_link(struct ip_call *c, const struct address_filter *f, const struct link *l,
                              const struct strbuf *replies)
{
    bool brief = c->options->brief, oneline = c->options->oneline, has_any = false, has_fitting = false;
    struct netlink_view rest;
    struct netlink_message m;
    struct address a;

    for (rest = netlink_view_of(replies); netlink_next_message(&rest, &m);)
        if (address_parse(&m, &a) && a.index == l->index) {
            has_any = true;
            has_fitting |= address_passes(c, f, &a, l->name);
        }
    if (!has_fitting && c->shown_family != AF_PACKET && (has_any || c->shown_family != AF_UNSPEC))
        return;
    output_open(&c->out, NULL, '{');
    /* As in iproute2: with a label, only addresses are printed. */
    if (!f->label && (brief || !oneline || c->shown_family == AF_PACKET))
        ip_link_show(c, l, true);
    if (c->shown_family == AF_PACKET) {
        output_close(&c->out, '}');
        return;
    }
    output_open(&c->out, "addr_info", '[');
    for (rest = netlink_view_of(replies); netlink_next_message(&rest, &m);) {
        if (!address_parse(&m, &a) || a.index != l->index || !address_passes(c, f, &a, l->name))
            continue;
        output_open(&c->out, NULL, '{');
        address_show_one(c, &a);
        output_close(&c->out, '}');
    }
    output_close(&c->out, ']');
    if (brief)
        output_text(&c->out, "\n");
    if (c->options->statistics && !brief && !oneline) {
        ip_link_statistics(c, l);
        output_text(&c->out, "%s", c->line);
    }
    output_close(&c->out, '}');
}

/* "permanent", "-tentative", "dynamic": returns 1 if it is the name of a flag. */
static int address_read_flag(struct address_filter *f, const char *word)
{
    bool inverted = word[0] == '-';
    const char *name = word + inverted;

    if (strcmp(name, "dynamic") == 0) {
        inverted = !inverted;
        name = "permanent";
    } else if (strcmp(name, "primary") == 0) {
        inverted = !inverted;
        name = "secondary";
    } else if (strcmp(name, "temporary") == 0) {
        name = "secondary";
    }
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++)
        if (strcmp(flags[i].name, name) == 0) {
            f->flag_mask |= flags[i].flag;
            f->flags = inverted ? f->flags & ~flags[i].flag : f->flags | flags[i].flag;
            return 1;
        }
    return 0;
}

static int address_read_filter(struct ip_call *c, char **words, struct address_filter *f, struct error *err)
{
    static const struct ip_word table[] = {
        {"to", WORD_PREFIX, offsetof(struct address_filter, to), 0, NULL, true},
        {"scope", WORD_NAME, offsetof(struct address_filter, scope), 0, ip_scopes, true},
        {"label", WORD_STRING, offsetof(struct address_filter, label), 0, NULL, true},
        {"up", WORD_TRUE, offsetof(struct address_filter, link.up), 0, NULL, true},
        {"nomaster", WORD_TRUE, offsetof(struct address_filter, link.no_master), 0, NULL, true},
        {"master", WORD_STRING, offsetof(struct address_filter, link.master_name), 0, NULL, true},
        {"type", WORD_STRING, offsetof(struct address_filter, link.kind), 0, NULL, true},
        {"dev", WORD_STRING, offsetof(struct address_filter, link.device), 0, NULL, true},
        {NULL, WORD_END, 0, 0, NULL, true},
    };
    const struct link *l;
    int r;

    *f = (struct address_filter){.scope = UNSET, .link.group = UNSET};
    c->shown_family = c->options->family;
    while ((r = ip_words(table, f, c->options->family, &words, err)) == 1) {
        if (address_read_flag(f, *words)) {
            words++;
            continue;
        }
        if (f->link.device)
            return ip_unknown(*words, "ip address", err);
        f->link.device = *words++;
    }
    if (f->to.ip.family && c->shown_family == AF_UNSPEC)
        c->shown_family = f->to.ip.family;
    if (r == 0 && f->link.master_name) {
        l = ip_link_named(c, f->link.master_name, err);
        r = l ? 0 : err->code;
        f->link.master = l ? l->index : 0;
    }
    c->one_link = f->link.device != NULL;
    if (r == 0 && f->link.device) {
        l = ip_link_named(c, f->link.device, err);
        r = l ? 0 : err->code;
        f->link.index = l ? l->index : 0;
    }
    return r;
}

static int address_show(struct ip_call *c, char **words, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    int family = c->options->family == AF_PACKET ? AF_UNSPEC : c->options->family;
    struct address_filter f;
    int r = address_read_filter(c, words, &f, err);

    if (r == 0 && !f.link.index)
        r = ip_load_links(c, err);
    if (r == 0)
        r = address_dump(&c->n, family, f.link.index, &replies, err);
    if (r < 0)
        return r;
    output_open(&c->out, NULL, '[');
    for (size_t i = 0, count = c->link_count; i < count; i++) {
        struct link one = c->links[i];

        if (ip_link_passes(&f.link, &one))
            address_show_link(c, &f, &one, &replies);
    }
    output_close(&c->out, ']');
    return 0;
}

/*
 * Delete the matching addresses once. An address that was deleted together with another one (the secondaries
 * of a primary) no longer exists: EADDRNOTAVAIL. Returns the number of addresses found.
 */
static int address_flush_once(struct ip_call *c, const struct address_filter *f, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct netlink_batch b;
    struct address a;
    int count = 0, r = address_dump(&c->n, c->options->family, f->link.index, &replies, err);

    for (rest = netlink_view_of(&replies); r == 0 && netlink_next_message(&rest, &m);) {
        const struct link *l = address_parse(&m, &a) ? ip_link_at(c, a.index) : NULL;

        if (!l || !ip_link_passes(&f->link, l) || !address_passes(c, f, &a, l->name))
            continue;
        netlink_batch_init(&b);
        address_delete(&b, &a);
        r = ip_exchange(c, &b, NULL, err, "cannot delete an address of %s", l->name);
        r = r == -EADDRNOTAVAIL ? 0 : r;
        count++;
    }
    return r < 0 ? r : count;
}

/* Repeat until none is left: the kernel may promote a secondary address when a primary is deleted
 * (promote_secondaries). */
static int address_flush(struct ip_call *c, char **words, struct error *err)
{
    struct address_filter f;
    int r;

    if (!words[0])
        return error_text(err, EINVAL, "ip address flush needs a filter, for example an interface");
    r = address_read_filter(c, words, &f, err);
    if (r == 0)
        r = ip_load_links(c, err);
    if (r < 0)
        return r;
    error_clear(err);
    for (uint32_t round = 1; (r = address_flush_once(c, &f, err)) > 0; round++)
        if (c->options->flush_rounds && round >= c->options->flush_rounds) {
            error_text(err, EAGAIN, "addresses may remain after %u rounds of deleting", round);
            return error_remedy(err, "set -loops to allow more rounds");
        }
    return r;
}

/* --- Changing --- */

struct address_words {
    const char *device, *label, *broadcast, *local, *valid, *preferred;
    struct ip_prefix peer;
    struct ip anycast;
    uint32_t scope, metric, flags;
};

#define WORD(name, kind, member)                                                                             \
    {                                                                                                        \
        name, kind, offsetof(struct address_words, member), 0, NULL, true                                    \
    }

static const struct ip_word change_words[] = {
    WORD("dev", WORD_STRING, device),
    WORD("label", WORD_STRING, label),
    WORD("local", WORD_STRING, local),
    WORD("peer", WORD_PREFIX, peer),
    WORD("remote", WORD_PREFIX, peer),
    WORD("brd", WORD_STRING, broadcast),
    {"broadcast", WORD_STRING, offsetof(struct address_words, broadcast), 0, NULL, false},
    {"scope", WORD_NAME, offsetof(struct address_words, scope), 0, ip_scopes, true},
    {"metric", WORD_U32, offsetof(struct address_words, metric), 0, NULL, false},
    {"priority", WORD_U32, offsetof(struct address_words, metric), 0, NULL, false},
    {"valid_lft", WORD_STRING, offsetof(struct address_words, valid), 0, NULL, false},
    {"preferred_lft", WORD_STRING, offsetof(struct address_words, preferred), 0, NULL, false},
    {NULL, WORD_END, 0, 0, NULL, true},
};

static int address_read_lifetime(const char *word, uint32_t *seconds, struct error *err)
{
    uint64_t number;

    *seconds = ADDRESS_FOREVER;
    if (!word || strcmp(word, "forever") == 0)
        return 0;
    if (parse_uint64(word, 0, UINT32_MAX, &number) < 0)
        return error_text(err, EINVAL, "\"%s\" is not a number of seconds", word);
    *seconds = (uint32_t)number;
    return 0;
}

/* "+": the last address of the network, "-": the first one, or an address. */
static int address_read_broadcast(const char *word, struct address *a, struct error *err)
{
    struct ip_prefix net = {a->peer.family ? a->peer : a->local, a->length};

    if (strcmp(word, "+") != 0 && strcmp(word, "-") != 0) {
        if (ip_parse(word, a->local.family, &a->broadcast) == 0)
            return 0;
        return error_text(err, EINVAL, "\"%s\" is not a broadcast address", word);
    }
    if (a->local.family != AF_INET)
        return error_text(err, EINVAL, "only IPv4 has broadcast addresses");
    if (net.length > 30)
        return 0;
    ip_broadcast(&net, &a->broadcast);
    for (unsigned bit = net.length; word[0] == '-' && bit < 32; bit++)
        a->broadcast.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    return 0;
}

static int address_read_settable(struct address_words *w, const char *word)
{
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++)
        if (flags[i].settable && strcmp(flags[i].name, word) == 0) {
            w->flags |= flags[i].flag;
            return 1;
        }
    return 0;
}

static int address_read(struct ip_call *c, const struct address_words *w, bool deleting, struct address *a,
                        struct error *err)
{
    struct ip_prefix local;
    const struct link *l;
    int r = ip_prefix_word(w->local, c->options->family, &local, err);

    if (r < 0)
        return r;
    a->local = local.ip;
    a->length = local.length;
    if (w->peer.ip.family) {
        a->peer = w->peer.ip;
        a->length = w->peer.length;
    }
    a->flags = w->flags;
    a->metric = w->metric == UNSET ? 0 : w->metric;
    a->scope =
        (uint8_t)(w->scope != UNSET                                                     ? w->scope
                  : !deleting && a->local.family == AF_INET && a->local.bytes[0] == 127 ? RT_SCOPE_HOST
                                                                                        : RT_SCOPE_UNIVERSE);
    if (w->label && strlen(w->label) >= sizeof(a->label))
        return error_text(err, EINVAL, "label \"%s\" is longer than 15 characters", w->label);
    if (w->label)
        strcpy(a->label, w->label);
    if (w->broadcast && !deleting)
        r = address_read_broadcast(w->broadcast, a, err);
    a->has_lifetime = w->valid || w->preferred;
    if (r == 0)
        r = address_read_lifetime(w->valid, &a->valid_seconds, err);
    if (r == 0)
        r = address_read_lifetime(w->preferred, &a->preferred_seconds, err);
    if (r == 0 && a->has_lifetime && (!a->valid_seconds || a->valid_seconds < a->preferred_seconds))
        r = error_text(err, EINVAL, "valid_lft must not be zero, nor less than preferred_lft");
    l = r == 0 ? ip_link_named(c, w->device, err) : NULL;
    if (!l)
        return err->code;
    a->index = l->index;
    return 0;
}

enum change { ADD, CHANGE, REPLACE, DELETE };

static int address_change(struct ip_call *c, char **words, enum change how, struct error *err)
{
    struct address_words w = {.scope = UNSET, .metric = UNSET};
    struct address a = {0};
    struct netlink_batch b;
    int r;

    while ((r = ip_words(change_words, &w, c->options->family, &words, err)) == 1) {
        if (address_read_settable(&w, *words)) {
            words++;
            continue;
        }
        if (w.local)
            return ip_unknown(*words, "ip address", err);
        w.local = *words++;
    }
    if (r < 0)
        return r;
    if (!w.local || !w.device)
        return error_text(err, EINVAL, "ip address needs an address, and an interface after \"dev\"");
    r = address_read(c, &w, how == DELETE, &a, err);
    if (r < 0)
        return r;
    netlink_batch_init(&b);
    if (how == DELETE)
        address_delete(&b, &a);
    else
        address_add(&b, &a, how != ADD);
    return ip_exchange(c, &b, NULL, err, "cannot %s address %s %s %s", how == DELETE ? "delete" : "add",
                       w.local, how == DELETE ? "of" : "to", w.device);
}

int ip_address(struct ip_call *c, char **words, struct error *err)
{
    if (!words[0])
        return address_show(c, words, err);
    if (ip_matches(words[0], "add"))
        return address_change(c, words + 1, ADD, err);
    if (ip_matches(words[0], "change") || strcmp(words[0], "chg") == 0)
        return address_change(c, words + 1, CHANGE, err);
    if (ip_matches(words[0], "replace"))
        return address_change(c, words + 1, REPLACE, err);
    if (ip_matches(words[0], "delete"))
        return address_change(c, words + 1, DELETE, err);
    if (ip_is_show(words[0]))
        return address_show(c, words + 1, err);
    if (ip_matches(words[0], "flush"))
        return address_flush(c, words + 1, err);
    return ip_unknown(words[0], "ip address", err);
}
