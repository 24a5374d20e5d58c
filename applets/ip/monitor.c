/* ip monitor: print changes when they occur. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"

/* In the order of the message types, four for each object: linux/rtnetlink.h. */
static const struct object {
    const char *name, *label;
    void (*show)(struct ip_call *c, const struct netlink_message *m);
    uint8_t groups[2]; /* for IPv4 or any family, for IPv6; 0: none */
} objects[] = {
    {"link", "[LINK]", ip_link_event, {RTNLGRP_LINK, 0}},
    {"address", "[ADDR]", ip_address_event, {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}},
    {"route", "[ROUTE]", ip_route_event, {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE}},
    {"neighbour", "[NEIGH]", ip_neighbour_event, {RTNLGRP_NEIGH, 0}},
    {"rule", "[RULE]", ip_rule_event, {RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE}},
};

#define ALL ((1U << ARRAY_LENGTH(objects)) - 1)

/* As in iproute2: in full on a separate line, or in short before the event. */
static void monitor_show_time(struct ip_call *c)
{
    struct timespec now;
    struct tm parts;
    char date[40], text[80];
    bool is_short = c->options->short_timestamp;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof(date), is_short ? "%Y-%m-%dT%H:%M:%S" : "%a %b %e %H:%M:%S %Y", &parts);
    snprintf(text, sizeof(text), is_short ? "%s.%06ld" : "%s %ld usec", date, now.tv_nsec / 1000);
    output_string(&c->out, "timestamp", is_short ? "[%s] " : "Timestamp: %s\n", text);
}

void ip_event_begin(struct ip_call *c)
{
    if (c->events && (c->options->timestamp || c->options->short_timestamp))
        monitor_show_time(c);
    if (c->label)
        output_text(&c->out, "%s", c->label);
    if (c->deleted)
        output_true(&c->out, "deleted", "Deleted ");
}

/* Read the objects as bits. Without any, all; the word "all" also turns labels on. */
static int monitor_read_words(char **words, unsigned *wanted, bool *labels, struct error *err)
{
    for (; *words; words++) {
        bool all = strcmp(*words, "all") == 0;
        size_t i = 0;

        while (i < ARRAY_LENGTH(objects) && !ip_matches(*words, objects[i].name))
            i++;
        if (i < ARRAY_LENGTH(objects))
            *wanted |= 1U << i;
        else if (ip_matches(*words, "neighbor"))
            *wanted |= 1U << (RTM_NEWNEIGH - RTM_BASE) / 4;
        else if (all || ip_matches(*words, "label"))
            *labels = true;
        else
            return ip_unknown(*words, "ip monitor", err);
        if (all)
            *wanted = ALL;
    }
    return 0;
}

static int monitor_subscribe(struct netlink *n, unsigned wanted, int family, struct error *err)
{
    int r = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(objects); i++) {
        const uint8_t *groups = objects[i].groups;

        if (!(wanted & 1U << i))
            continue;
        if (r == 0 && (family != AF_INET6 || !groups[1]))
            r = netlink_subscribe(n, groups[0], err);
        if (r == 0 && family != AF_INET && groups[1])
            r = netlink_subscribe(n, groups[1], err);
    }
    return r;
}

static void monitor_show(struct ip_call *c, bool labels, const struct strbuf *events)
{
    struct netlink_view rest = netlink_view_of(events);
    struct netlink_message m;

    while (netlink_next_message(&rest, &m)) {
        unsigned object = (m.type - RTM_BASE) / 4U, verb = (m.type - RTM_BASE) % 4U;

        if (object >= ARRAY_LENGTH(objects) || verb > 1)
            continue;
        c->label = labels ? objects[object].label : NULL;
        c->deleted = verb == 1;
        objects[object].show(c, &m);
    }
}

int ip_monitor(struct ip_call *c, char **words, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_strbuf struct strbuf events = STRBUF_INIT;
    unsigned wanted = 0;
    bool labels = false;
    int r = monitor_read_words(words, &wanted, &labels, err);

    if (r == 0 && c->options->brief)
        r = error_text(err, EINVAL, "ip monitor does not support -brief");
    if (r == 0)
        r = netlink_open(&n, NETLINK_ROUTE, c->netns, err);
    if (r == 0)
        r = ip_set_buffer(c, &n, err);
    if (!wanted) /* with -0 only links */
        wanted = c->options->family == AF_PACKET ? 1 : ALL;
    if (r == 0)
        r = monitor_subscribe(&n, wanted, c->options->family, err);
    if (r == 0)
        r = ip_load_links(c, err);
    /* Links are shown completely, also with -6. */
    c->events = c->one_link = true;
    c->shown_family = AF_UNSPEC;
    while (r >= 0) {
        r = netlink_events(&n, true, &events);
        if (r == -ENOBUFS) {
            fputs("ip: events were lost: the receive buffer was full\n", stderr);
            r = ip_load_links(c, err);
            continue;
        }
        if (r < 0)
            return error_set(err, r, "cannot receive events");
        monitor_show(c, labels, &events);
        if (fflush(stdout) != 0)
            return error_set(err, errno, "cannot write the events");
    }
    return r;
}
