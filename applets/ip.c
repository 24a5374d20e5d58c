/*
 * ip: network interfaces, addresses, routes, neighbours, rules and namespaces, as iproute2 has them. The
 * objects are in applets/ip/. See ip.1.
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

#define REFUSED 2 /* exit status: the kernel said no */

static const struct option_row ip_table[] = {
    OPT_ONE_DASH,
    OPT_SET(0, "4", struct ip_options, family, AF_INET, "IPv4 only"),
    OPT_SET(0, "6", struct ip_options, family, AF_INET6, "IPv6 only"),
    OPT_SET(0, "0", struct ip_options, family, AF_PACKET, "links only"),
    OPT_STRING(0, "family", "FAMILY", struct ip_options, family_name, "inet, inet6 or link"),
    OPT_FLAG(0, "statistics", struct ip_options, statistics, "counters too"),
    OPT_FLAG(0, "stats", struct ip_options, statistics, NULL),
    OPT_FLAG(0, "details", struct ip_options, details, "all that is known"),
    OPT_FLAG(0, "oneline", struct ip_options, oneline, "one line for each, with \\ for line ends"),
    OPT_FLAG(0, "Version", struct ip_options, version, "print the version"),
    OPT_FLAG(0, "force", struct ip_options, force, "with -batch: go on after a failure"),
    OPT_STRING(0, "batch", "FILE", struct ip_options, batch,
               "carry out the lines of FILE, - for standard input"),
    OPT_FLAG(0, "brief", struct ip_options, brief, "the essence, in columns"),
    OPT_FLAG(0, "json", struct ip_options, json, "print JSON"),
    OPT_FLAG(0, "pretty", struct ip_options, pretty, "print JSON for people"),
    OPT_OPTIONAL(0, "color", "WHEN", struct ip_options, color, "always (also without WHEN), auto or never"),
    OPT_STRING(0, "netns", "NETNS", struct ip_options, netns, "in the network namespace of that name"),
    OPT_FLAG(0, "all", struct ip_options, all, "with netns: all of them"),
    OPT_END,
};

/* --- Links by name and index --- */

int ip_load_links(struct ip_call *c, struct error *err)
{
    free(take_ptr(c->links));
    c->link_count = 0;
    return link_list(&c->n, &c->links, &c->link_count, err);
}

static const struct link *look_up(struct ip_call *c, int index, const char *name, struct error *err)
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
    return look_up(c, 0, name, err);
}

const struct link *ip_link_at(struct ip_call *c, int index)
{
    return look_up(c, index, NULL, NULL);
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
    return result.code == -EPERM ? error_remedy(err, "that is root's to do") : result.code;
}

/* --- One command --- */

static int read_color(const struct ip_options *o, bool *out, struct error *err)
{
    bool is_auto = o->color && strcmp(o->color, "auto") == 0;

    *out = !o->json && o->color &&
           (!o->color[0] || strcmp(o->color, "always") == 0 || (is_auto && isatty(STDOUT_FILENO)));
    return !o->color || *out || is_auto || o->json || strcmp(o->color, "never") == 0
               ? 0
               : error_text(err, EINVAL, "-color is always, auto or never, not \"%s\"", o->color);
}

static int read_family(struct ip_options *o, struct error *err)
{
    if (!o->family_name)
        return 0;
    if (strcmp(o->family_name, "inet") == 0)
        o->family = AF_INET;
    else if (strcmp(o->family_name, "inet6") == 0)
        o->family = AF_INET6;
    else if (strcmp(o->family_name, "link") == 0)
        o->family = AF_PACKET;
    else
        return error_text(err, EINVAL, "family is inet, inet6 or link, not \"%s\"", o->family_name);
    return 0;
}

/* In iproute2's order, which says what an abbreviation means. */
static int dispatch(struct ip_call *c, char **words, struct error *err)
{
    static const struct {
        const char *name;
        int (*run)(struct ip_call *c, char **words, struct error *err);
    } objects[] = {
        {"address", ip_address},     {"route", ip_route}, {"rule", ip_rule},     {"neighbor", ip_neighbour},
        {"neighbour", ip_neighbour}, {"link", ip_link},   {"tuntap", ip_tuntap}, {"tap", ip_tuntap},
        {"monitor", ip_monitor},     {"netns", ip_netns},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(objects); i++)
        if (ip_matches(words[0], objects[i].name))
            return objects[i].run(c, words + 1, err);
    error_text(err, EINVAL, "there is no object \"%s\"", words[0]);
    return error_remedy(err, "address, link, monitor, neighbour, netns, route, rule, tuntap");
}

static int run_words(struct ip_call *c, char **words, struct error *err)
{
    int r = dispatch(c, words, err);

    free(take_ptr(c->links));
    c->link_count = 0;
    return r;
}

/* --- Many: a line each --- */

/* Split a line at blanks; quotes hold words together, '#' begins a comment. */
static size_t split(char *line, char **words, size_t max)
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

static int run_batch(struct ip_call *c, struct error *err)
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
        if (!split(line, words, ARRAY_LENGTH(words) - 1))
            continue;
        error_clear(err);
        r = run_words(c, words, err);
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
    int r = read_family(o, err);

    if (r == 0)
        r = read_color(o, &c.out.color, err);
    if (r < 0)
        return r;
    if (o->version) {
        puts("ip utility, lxcbox-" LXCBOX_VERSION);
        return 0;
    }
    if (!in->argc && !o->batch) {
        error_text(
            err, EINVAL,
            "what is meant is missing: address, link, monitor, neighbour, netns, route, rule or tuntap");
        return error_remedy(err, "ip --help");
    }
    if (o->netns && (netns = ip_netns_open(o->netns, err)) < 0)
        return netns;
    c.netns = netns;
    r = netlink_open(&c.n, NETLINK_ROUTE, netns, err);
    if (r == 0)
        r = o->batch ? run_batch(&c, err) : run_words(&c, in->argv, err);
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
