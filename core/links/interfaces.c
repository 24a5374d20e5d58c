#include "core/links/interfaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "net/link/address.h"
#include "net/link/link.h"

void interfaces_free(struct interfaces *i)
{
    string_list_clear(&i->names);
    string_list_clear(&i->ipv4);
    string_list_clear(&i->ipv6);
}

static bool interfaces_is_loopback(const struct link *links, size_t count, int index)
{
    for (size_t i = 0; i < count; i++)
        if (links[i].index == index)
            return links[i].flags & IFF_LOOPBACK;
    return false;
}

static int interfaces_add_address(struct interfaces *out, const struct address *a)
{
    char text[IP_TEXT_SIZE];

    if (a->local.family == AF_INET6 && a->scope == RT_SCOPE_LINK)
        return 0;
    if (a->local.family != AF_INET && a->local.family != AF_INET6)
        return 0;
    return string_list_add(a->local.family == AF_INET ? &out->ipv4 : &out->ipv6, ip_format(&a->local, text));
}

static int interfaces_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void interfaces_sort(struct string_list *l)
{
    if (l->count)
        qsort(l->items, l->count, sizeof(*l->items), interfaces_compare);
}

static int interfaces_read_from(struct netlink *n, struct interfaces *out, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    cleanup_free struct link *links = NULL;
    struct netlink_message message;
    struct netlink_view rest;
    size_t count = 0;
    int r = link_list(n, &links, &count, err);

    for (size_t i = 0; r == 0 && i < count; i++)
        if (string_list_add(&out->names, links[i].name) < 0)
            r = error_set(err, ENOMEM, "cannot list the interfaces");
    if (r == 0)
        r = address_dump(n, AF_UNSPEC, 0, &replies, err);
    rest = (struct netlink_view){(const uint8_t *)replies.text, replies.length};
    while (r == 0 && netlink_next_message(&rest, &message)) {
        struct address a;

        if (address_parse(&message, &a) && !interfaces_is_loopback(links, count, a.index) &&
            interfaces_add_address(out, &a) < 0)
            r = error_set(err, ENOMEM, "cannot list the addresses");
    }
    interfaces_sort(&out->names);
    interfaces_sort(&out->ipv4);
    interfaces_sort(&out->ipv6);
    return r;
}

int interfaces_read(int pid, struct interfaces *out, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    cleanup_fd int netns = -1;
    char path[32];
    int r;

    *out = (struct interfaces){0};
    snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
    netns = open(path, O_RDONLY | O_CLOEXEC);
    if (netns < 0)
        return error_set(err, errno, "cannot open the network namespace of process %d", pid);
    r = netlink_open(&n, NETLINK_ROUTE, netns, err);
    return r == 0 ? interfaces_read_from(&n, out, err) : r;
}
