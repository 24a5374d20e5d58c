/* What the kernel, or a process in its place, may answer on a netlink socket: each of its readers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/link/address.h"
#include "net/link/link.h"
#include "net/link/neighbour.h"
#include "net/link/netlink.h"
#include "net/link/route.h"
#include "net/link/rule.h"

/* Text that was read must end within its buffer. */
static void check_text(const char *text, size_t size)
{
    if (strnlen(text, size) == size)
        abort();
}

static void read_message(const struct netlink_message *m)
{
    struct address address;
    struct neighbour neighbour;
    struct netlink_view rest;
    struct link link;
    struct route route;
    struct route_hop hop;
    struct rule rule;
    char text[PREFIX_TEXT_SIZE];

    if (link_parse(m, &link)) {
        check_text(link.name, sizeof(link.name));
        check_text(link.kind, sizeof(link.kind));
        check_text(link.alias, sizeof(link.alias));
        for (const char *p = link.alternative_names; *p; p += strlen(p) + 1)
            check_text(p, (size_t)(link.alternative_names + sizeof(link.alternative_names) - p));
    }
    if (address_parse(m, &address)) {
        check_text(address.label, sizeof(address.label));
        ip_format(&address.local, text);
        ip_format(&address.peer, text);
    }
    if (route_parse(m, &route)) {
        prefix_format(&route.destination, text);
        for (rest = route.multipath; route_next_hop(&route, &rest, &hop);)
            ip_format(&hop.gateway, text);
    }
    if (neighbour_parse(m, &neighbour))
        ip_format(&neighbour.ip, text);
    if (rule_parse(m, &rule)) {
        prefix_format(&rule.from, text);
        check_text(rule.input, sizeof(rule.input));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct netlink_view rest = {bytes, length};
    struct netlink_message m;

    while (netlink_next_message(&rest, &m))
        read_message(&m);
    return 0;
}
