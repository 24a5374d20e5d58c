#include "net/link/neighbour.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

static struct ndmsg neighbour_header(const struct neighbour *a)
{
    return (struct ndmsg){.ndm_family = (uint8_t)a->ip.family,
                          .ndm_ifindex = a->index,
                          .ndm_state = a->state,
                          .ndm_flags = a->flags};
}

static void neighbour_put(struct netlink_batch *b, uint16_t type, uint16_t flags, const struct neighbour *a)
{
    struct ndmsg header = neighbour_header(a);

    netlink_begin(b, type, flags, &header, sizeof(header));
    netlink_put(b, NDA_DST, a->ip.bytes, ip_size(a->ip.family));
    if (a->address_size)
        netlink_put(b, NDA_LLADDR, a->address, a->address_size);
    if (a->protocol)
        netlink_put_u8(b, NDA_PROTOCOL, a->protocol);
}

void neighbour_add(struct netlink_batch *b, const struct neighbour *a, uint16_t flags)
{
    neighbour_put(b, RTM_NEWNEIGH, flags, a);
}

void neighbour_delete(struct netlink_batch *b, const struct neighbour *a)
{
    neighbour_put(b, RTM_DELNEIGH, 0, a);
}

static void neighbour_parse_times(const struct netlink_attribute *a, struct neighbour *out)
{
    struct nda_cacheinfo c;

    if (netlink_bytes(a, &c, sizeof(c)) < sizeof(c))
        return;
    out->has_times = true;
    out->used_ticks = c.ndm_used;
    out->confirmed_ticks = c.ndm_confirmed;
    out->updated_ticks = c.ndm_updated;
    out->references = c.ndm_refcnt;
}

bool neighbour_parse(const struct netlink_message *m, struct neighbour *out)
{
    struct netlink_view rest = m->payload;
    struct netlink_attribute a;
    struct ndmsg header;

    if ((m->type != RTM_NEWNEIGH && m->type != RTM_DELNEIGH) ||
        !netlink_take_header(&rest, &header, sizeof(header)) ||
        (!ip_size(header.ndm_family) && header.ndm_family != AF_BRIDGE))
        return false;
    *out =
        (struct neighbour){.index = header.ndm_ifindex, .state = header.ndm_state, .flags = header.ndm_flags};
    while (netlink_next_attribute(&rest, &a)) {
        if (a.type == NDA_DST)
            ip_read(&a, header.ndm_family, &out->ip);
        else if (a.type == NDA_LLADDR)
            out->address_size = netlink_bytes(&a, out->address, sizeof(out->address));
        else if (a.type == NDA_PROBES)
            out->probes = netlink_u32(&a);
        else if (a.type == NDA_PROTOCOL)
            out->protocol = netlink_u8(&a);
        else if (a.type == NDA_CACHEINFO)
            neighbour_parse_times(&a, out);
    }
    return out->ip.family != 0 || header.ndm_family == AF_BRIDGE;
}

int neighbour_dump(struct netlink *n, int family, int index, bool proxies, struct strbuf *replies,
                   struct error *err)
{
    struct ndmsg header = {.ndm_family = (uint8_t)family, .ndm_flags = proxies ? NTF_PROXY : 0};
    struct netlink_result result;
    struct netlink_batch b;

    netlink_batch_init(&b);
    netlink_begin(&b, RTM_GETNEIGH, 0, &header, sizeof(header));
    if (index)
        netlink_put_u32(&b, NDA_IFINDEX, (uint32_t)index);
    if (netlink_dump(n, &b, replies, &result) < 0)
        return netlink_error(&result, err, "cannot list the neighbours");
    return 0;
}
