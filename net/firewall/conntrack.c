#include "net/firewall/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

static void conntrack_begin(struct netlink_batch *b, uint16_t message, int family)
{
    struct nfgenmsg header = {.nfgen_family = (uint8_t)family, .version = NFNETLINK_V0};

    netlink_batch_init(b);
    netlink_begin(b, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | message), 0, &header, sizeof(header));
}

static void conntrack_parse_tuple(struct netlink_view rest, struct conntrack_tuple *out)
{
    struct netlink_attribute part, a;

    while (netlink_next_attribute(&rest, &part)) {
        struct netlink_view inner = part.payload;

        if (part.type != CTA_TUPLE_IP && part.type != CTA_TUPLE_PROTO)
            continue;
        while (netlink_next_attribute(&inner, &a)) {
            if (part.type == CTA_TUPLE_IP && a.type == CTA_IP_V4_DST)
                ip_read(&a, AF_INET, &out->host);
            else if (part.type == CTA_TUPLE_IP && a.type == CTA_IP_V6_DST)
                ip_read(&a, AF_INET6, &out->host);
            else if (part.type == CTA_TUPLE_PROTO && a.type == CTA_PROTO_NUM)
                out->protocol = netlink_u8(&a);
            else if (part.type == CTA_TUPLE_PROTO && a.type == CTA_PROTO_DST_PORT)
                out->port = ntohs(netlink_u16(&a));
        }
    }
}

bool conntrack_parse(const struct netlink_message *m, struct conntrack_tuple *out,
                     struct netlink_view *original)
{
    struct netlink_view rest = m->payload;
    struct netlink_attribute a;
    struct nfgenmsg header;

    *out = (struct conntrack_tuple){0};
    if (m->type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
        !netlink_take_header(&rest, &header, sizeof(header)))
        return false;
    while (netlink_next_attribute(&rest, &a))
        if (a.type == CTA_TUPLE_ORIG) {
            *original = a.payload;
            conntrack_parse_tuple(a.payload, out);
        }
    return out->host.family != 0;
}

int conntrack_forget(struct netlink *n, int family, uint8_t protocol, const struct ip *host, uint16_t port)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct netlink_view rest, original;
    struct conntrack_tuple t;
    struct netlink_message m;
    struct netlink_batch b;
    int r;

    conntrack_begin(&b, IPCTNL_MSG_CT_GET, family);
    r = netlink_dump(n, &b, &replies, NULL);
    rest = netlink_view_of(&replies);
    while (r == 0 && netlink_next_message(&rest, &m)) {
        if (!conntrack_parse(&m, &t, &original) || t.protocol != protocol || t.port != port ||
            (host->family && !ip_equal(host, &t.host)))
            continue;
        conntrack_begin(&b, IPCTNL_MSG_CT_DELETE, family);
        netlink_put(&b, CTA_TUPLE_ORIG | NLA_F_NESTED, original.bytes, original.length);
        (void)netlink_exchange(n, &b, NULL, NULL); /* the entry may have expired meanwhile */
    }
    return r;
}
