/*
 * ip: network interfaces, addresses, routes, neighbours, rules and namespaces, with the syntax and output of
 * iproute2. The objects are in applets/ip/. See ip.1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "applets/ip/ip.h"
#include "applets/cli/applet.h"
#include "core/base/cleanup.h"

#define REFUSED 2   /* exit status: the kernel refused */
#define HELPED  255 /* exit status of "help", as in iproute2 */

static const struct option_row ip_table[] = {
    OPT_ONE_DASH,
    OPT_SET(0, "4", struct ip_options, family, AF_INET, "IPv4 only"),
    OPT_SET(0, "6", struct ip_options, family, AF_INET6, "IPv6 only"),
    OPT_SET(0, "0", struct ip_options, family, AF_PACKET, "links only"),
    OPT_SET(0, "B", struct ip_options, family, AF_BRIDGE, "bridges: links only"),
    OPT_SET(0, "M", struct ip_options, family, AF_MPLS, "MPLS: links only"),
    OPT_STRING(0, "family", "FAMILY", struct ip_options, family_name, "inet, inet6, bridge, mpls or link"),
    OPT_STRING(0, "loops", "N", struct ip_options, loops,
               "at most N rounds of \"address flush\" (10; 0: no limit)"),
    OPT_FLAG(0, "human-readable", struct ip_options, human, "counters with units"),
    OPT_FLAG(0, "iec", struct ip_options, iec, "units are powers of 1024"),
    OPT_FLAG(0, "statistics", struct ip_options, statistics, "print counters too"),
    OPT_FLAG(0, "stats", struct ip_options, statistics, NULL),
    OPT_FLAG(0, "details", struct ip_options, details, "print more details"),
    OPT_FLAG(0, "resolve", struct ip_options, resolve, "print host names instead of addresses"),
    OPT_FLAG(0, "oneline", struct ip_options, oneline, "print each object on one line, with \\ for newlines"),
    OPT_FLAG(0, "timestamp", struct ip_options, timestamp, "with monitor: print the time of each event"),
    OPT_FLAG(0, "tshort", struct ip_options, short_timestamp, "the same, in a short format"),
    OPT_FLAG(0, "Version", struct ip_options, version, "print the version"),
    OPT_FLAG(0, "force", struct ip_options, force, "with -batch: continue after a failure"),
    OPT_STRING(0, "batch", "FILE", struct ip_options, batch, "run the commands in FILE; - is standard input"),
    OPT_FLAG(0, "brief", struct ip_options, brief, "print the most important data in columns"),
    OPT_FLAG(0, "json", struct ip_options, json, "print JSON"),
    OPT_FLAG(0, "pretty", struct ip_options, pretty, "print indented JSON"),
    OPT_STRING(0, "rcvbuf", "BYTES", struct ip_options, buffer, "size of the receive buffer for netlink"),
    OPT_OPTIONAL(0, "color", "WHEN", struct ip_options, color, "always (also without WHEN), auto or never"),
    OPT_STRING(0, "netns", "NETNS", struct ip_options, netns, "act in the network namespace NETNS"),
    OPT_FLAG(0, "Numeric", struct ip_options, numeric,
             "print numbers for protocols, scopes, tables, groups, types"),
    OPT_FLAG(0, "all", struct ip_options, all, "with netns: all namespaces"),
    OPT_END,
};

/* --- Links by name and index --- */

int ip_load_links(struct ip_call *c, struct error *err)
{
    free(take_ptr(c->links));
    c->link_count = 0;
    return link_list(&c->n, &c->links, &c->link_count, err);
}

static const struct link *ip_look_up_link(struct ip_call *c, int index, const char *name, struct error *err)
{
    struct link *more;

    if (!index && !name)
        return NULL;
    for (size_t i = 0; i < c->link_count; i++)
        if (index ? c->links[i].index == index : strcmp(c->links[i].name, name) == 0)
            return &c->links[i];
    more = reallocarray(c->links, c->link_count + 1, sizeof(*more));
    if (!more) {
        error_set(err, ENOMEM, "cannot look up network interface %s", name ? name : "");
        return NULL;
    }
    c->links = more;
    if (link_find(&c->n, index, name, &more[c->link_count], err) < 0)
        return NULL;
    return &more[c->link_count++];
}

const struct link *ip_link_named(struct ip_call *c, const char *name, struct error *err)
{
    return ip_look_up_link(c, 0, name, err);
}

const struct link *ip_link_at(struct ip_call *c, int index)
{
    return ip_look_up_link(c, index, NULL, NULL);
}

const char *ip_link_name(struct ip_call *c, int index)
{
    const struct link *l = ip_link_at(c, index);

    if (l || !index)
        return l ? l->name : "*";
    snprintf(c->gone, sizeof(c->gone), "if%d", index);
    return c->gone;
}

int ip_exchange(struct ip_call *c, struct netlink_batch *b, struct strbuf *replies, struct error *err,
                const char *format, ...)
{
    struct netlink_result result;
    char text[200];
    va_list args;

    if (netlink_exchange(&c->n, b, replies, &result) == 0)
        return 0;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    c->refused = true;
    netlink_error(&result, err, "%s", text);
    return result.code == -EPERM ? error_remedy(err, "that requires root") : result.code;
}

/* --- One command --- */

static int ip_read_color(const struct ip_options *o, bool *out, struct error *err)
{
    bool is_auto = o->color && strcmp(o->color, "auto") == 0;

    *out = !o->json && o->color &&
           (!o->color[0] || strcmp(o->color, "always") == 0 || (is_auto && isatty(STDOUT_FILENO)));
    return !o->color || *out || is_auto || o->json || strcmp(o->color, "never") == 0
               ? 0
               : error_text(err, EINVAL, "-color must be always, auto or never, not \"%s\"", o->color);
}

static const struct ip_name families[] = {{"inet", AF_INET},     {"inet6", AF_INET6}, {"link", AF_PACKET},
                                          {"bridge", AF_BRIDGE}, {"mpls", AF_MPLS},   {NULL, 0}};

static int ip_read_family(struct ip_options *o, struct error *err)
{
    uint32_t family = 0;

    if (!o->family_name)
        return 0;
    if (ip_name_parse(families, o->family_name, &family) < 0 || o->family_name[0] < 'a')
        return error_text(err, EINVAL, "-family must be inet, inet6, bridge, mpls or link, not \"%s\"",
                          o->family_name);
    o->family = (int)family;
    return 0;
}

int ip_set_buffer(const struct ip_call *c, struct netlink *n, struct error *err)
{
    uint64_t bytes;

    if (!c->options->buffer)
        return 0;
    if (parse_uint64(c->options->buffer, 0, INT32_MAX, &bytes) < 0)
        return error_text(err, EINVAL, "-rcvbuf takes a number of bytes, not \"%s\"", c->options->buffer);
    return netlink_set_buffer(n, (int)bytes, err);
}

static int ip_read_loops(struct ip_options *o, struct error *err)
{
    uint64_t rounds = 10;

    if (o->loops && parse_uint64(o->loops, 10, UINT32_MAX, &rounds) < 0)
        return error_text(err, EINVAL, "-loops takes a number, not \"%s\"", o->loops);
    o->flush_rounds = (uint32_t)rounds;
    return 0;
}

/* In the order of iproute2, which determines the meaning of abbreviations. */
static int ip_dispatch(struct ip_call *c, char **words, struct error *err)
{
    static const struct {
        const char *name;
        int (*run)(struct ip_call *c, char **words, struct error *err);
        const char *commands;
    } objects[] = {
        {"address", ip_address, "show|add|change|replace|delete|flush"},
        {"route", ip_route, "show|get|add|change|replace|append|prepend|delete|flush"},
        {"rule", ip_rule, "show|add|delete|flush"},
        {"neighbor", ip_neighbour, "show|add|change|replace|delete|flush"},
        {"neighbour", ip_neighbour, "show|add|change|replace|delete|flush"},
        {"link", ip_link,
         "show|add|set|delete\n       ip link add NAME type bridge|veth|macvlan|ipvlan|vlan|dummy|KIND"},
        {"tuntap", ip_tuntap, "show|add|delete"},
        {"tap", ip_tuntap, "show|add|delete"},
        {"monitor", ip_monitor, "[link] [address] [route] [neighbour] [rule] [label], monitor all"},
        {"netns", ip_netns, "list|list-id|add|attach|delete|exec|identify|pids"},
    };
    const char *before = "Usage: ";
    int family = c->options->family;
    char number[16];

    for (size_t i = 0; i < ARRAY_LENGTH(objects); i++) {
        if (!ip_matches(words[0], objects[i].name))
            continue;
        if (words[1] && strcmp(words[1], "help") == 0) {
            fprintf(stderr, "Usage: ip %s %s\n       see ip(1)\n", objects[i].name, objects[i].commands);
            return HELPED;
        }
        if ((family == AF_BRIDGE || family == AF_MPLS) && objects[i].run != ip_link)
            return error_text(err, EINVAL, "ip %s does not support the family %s", objects[i].name,
                              ip_name_of(families, (uint32_t)family, number));
        return objects[i].run(c, words + 1, err);
    }
    if (strcmp(words[0], "help") == 0) {
        for (size_t i = 0; i < ARRAY_LENGTH(objects); i++, before = "       ")
            fprintf(stderr, "%sip [OPTION]... %s %s\n", before, objects[i].name, objects[i].commands);
        fputs("ip --help lists the options\n", stderr);
        return HELPED;
    }
    error_text(err, EINVAL, "unknown object \"%s\"", words[0]);
    return error_remedy(err, "address, link, monitor, neighbour, netns, route, rule, tuntap");
}

static int ip_run_words(struct ip_call *c, char **words, struct error *err)
{
    int r = ip_dispatch(c, words, err);

    free(take_ptr(c->links));
    c->link_count = 0;
    strbuf_free(&c->out.value); /* incomplete: the command failed */
    c->out.depth = 0;
    return r >= 0 && c->out.failed ? error_set(err, ENOMEM, "cannot print JSON") : r;
}

/* --- Batches: one command per line --- */

/* Split a line at blanks; quoted words may contain blanks; '#' begins a comment. */
static size_t ip_split_line(char *line, char **words, size_t max)
{
    size_t n = 0;

    for (char *p = line; n < max;) {
        p += strspn(p, " \t\r\n");
        if (!*p || *p == '#')
            break;
        if (*p == '"' || *p == '\'') {
            char quote = *p++;

            words[n++] = p;
            p += strcspn(p, (char[]){quote, '\0'});
        } else {
            words[n++] = p;
            p += strcspn(p, " \t\r\n");
        }
        if (*p)
            *p++ = '\0';
    }
    words[n] = NULL;
    return n;
}

static int ip_run_batch(struct ip_call *c, struct error *err)
{
    const char *name = c->options->batch;
    cleanup_file FILE *f = strcmp(name, "-") == 0 ? fdopen(dup(STDIN_FILENO), "r") : fopen(name, "re");
    cleanup_free char *line = NULL;
    char *words[64], text[sizeof(struct error)];
    size_t room = 0, number = 0;
    int status = 0;

    if (!f)
        return error_set(err, errno, "cannot read %s", name);
    while (getline(&line, &room, f) >= 0) {
        int r;

        number++;
        if (!ip_split_line(line, words, ARRAY_LENGTH(words) - 1))
            continue;
        error_clear(err);
        r = ip_run_words(c, words, err);
        if (r == 0)
            continue;
        fflush(stdout);
        if (r < 0)
            fprintf(stderr, "ip: %s:%zu: %s\n", name, number, error_format(err, text, sizeof(text)));
        status = 1;
        if (!c->options->force)
            break;
    }
    return status;
}

static int ip_run(struct invocation *in, struct error *err)
{
    struct ip_options *o = in->options;
    struct ip_call c = {.options = o,
                        .n = NETLINK_CLOSED,
                        .netns = -1,
                        .out = {.json = o->json, .pretty = o->pretty},
                        .line = o->oneline ? "\\" : "\n"};
    cleanup_fd int netns = -1;
    int r = ip_read_family(o, err);

    if (r == 0)
        r = ip_read_color(o, &c.out.color, err);
    if (r == 0)
        r = ip_read_loops(o, err);
    if (r < 0)
        return r;
    if (o->version) {
        puts("ip utility, lxcbox-" LXCBOX_VERSION);
        return 0;
    }
    if (!in->argc && !o->batch) {
        error_text(err, EINVAL,
                   "no object is given: address, link, monitor, neighbour, netns, route, rule or tuntap");
        return error_remedy(err, "ip --help");
    }
    if (o->netns && (netns = ip_netns_open(o->netns, err)) < 0)
        return netns;
    c.netns = netns;
    r = netlink_open(&c.n, NETLINK_ROUTE, netns, err);
    if (r == 0)
        r = ip_set_buffer(&c, &c.n, err);
    if (r == 0)
        r = o->batch ? ip_run_batch(&c, err) : ip_run_words(&c, in->argv, err);
    netlink_close(&c.n);
    if (r < 0 && c.refused) {
        char text[sizeof(struct error)];

        fflush(stdout);
        fprintf(stderr, "%s: %s\n", in->applet, error_format(err, text, sizeof(text)));
        return REFUSED;
    }
    return r;
}

APPLET(ip, .name = "ip", .summary = "Show and change interfaces, addresses, routes and network namespaces",
       .usage = "[OPTION]... OBJECT [COMMAND [WORD]...]", .options = ip_table,
       .options_size = sizeof(struct ip_options), .stop_at_operand = true, .run = ip_run);
