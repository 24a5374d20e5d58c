#include "net/link/rule.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

static void put_if(struct netlink_batch *b, bool set, uint16_t type, const void *value, size_t size)
{
    if (set)
        netlink_put(b, type, value, size);
}

static void put(struct netlink_batch *b, uint16_t type, uint16_t flags, const struct rule *r)
{
    struct fib_rule_hdr header = {.family = (uint8_t)r->family,
                                  .dst_len = r->to.length,
                                  .src_len = r->from.length,
                                  .tos = r->tos,
                                  .table = (uint8_t)(r->table > UINT8_MAX ? RT_TABLE_UNSPEC : r->table),
                                  .action = r->action,
                                  .flags = r->flags};
    size_t size = ip_size(r->family);

    netlink_begin(b, type, flags, &header, sizeof(header));
    put_if(b, r->from.ip.family && r->from.length, FRA_SRC, r->from.ip.bytes, size);
    put_if(b, r->to.ip.family && r->to.length, FRA_DST, r->to.ip.bytes, size);
    put_if(b, r->has_priority, FRA_PRIORITY, &r->priority, sizeof(r->priority));
    put_if(b, r->table > UINT8_MAX, FRA_TABLE, &r->table, sizeof(r->table));
    put_if(b, r->has_mark, FRA_FWMARK, &r->mark, sizeof(r->mark));
    put_if(b, r->has_mark_mask, FRA_FWMASK, &r->mark_mask, sizeof(r->mark_mask));
    put_if(b, r->has_go_to, FRA_GOTO, &r->go_to, sizeof(r->go_to));
    put_if(b, r->has_suppress_prefix, FRA_SUPPRESS_PREFIXLEN, &r->suppress_prefix,
           sizeof(r->suppress_prefix));
    put_if(b, r->has_uids, FRA_UID_RANGE, &r->uids, sizeof(r->uids));
    put_if(b, r->has_source_ports, FRA_SPORT_RANGE, &r->source_ports, sizeof(r->source_ports));
    put_if(b, r->has_destination_ports, FRA_DPORT_RANGE, &r->destination_ports, sizeof(r->destination_ports));
    put_if(b, r->ip_protocol, FRA_IP_PROTO, &r->ip_protocol, 1);
    put_if(b, r->protocol, FRA_PROTOCOL, &r->protocol, 1);
    put_if(b, r->l3mdev, FRA_L3MDEV, &(uint8_t){1}, 1);
    if (r->input[0])
        netlink_put_string(b, FRA_IFNAME, r->input);
    if (r->output[0])
        netlink_put_string(b, FRA_OIFNAME, r->output);
}

void rule_add(struct netlink_batch *b, const struct rule *r)
{
    put(b, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, r);
}

void rule_delete(struct netlink_batch *b, const struct rule *r)
{
    put(b, RTM_DELRULE, 0, r);
}

static void parse_attribute(const struct netlink_attribute *a, struct rule *out)
{
    switch (a->type) {
    case FRA_SRC:
        ip_read(a, out->family, &out->from.ip);
        break;
    case FRA_DST:
        ip_read(a, out->family, &out->to.ip);
        break;
    case FRA_PRIORITY:
        out->priority = netlink_u32(a);
        out->has_priority = true;
        break;
    case FRA_TABLE:
        out->table = netlink_u32(a);
        break;
    case FRA_FWMARK:
        out->mark = netlink_u32(a);
        out->has_mark = true;
        break;
    case FRA_FWMASK:
        out->mark_mask = netlink_u32(a);
        out->has_mark_mask = true;
        break;
    case FRA_GOTO:
        out->go_to = netlink_u32(a);
        out->has_go_to = true;
        break;
    case FRA_SUPPRESS_PREFIXLEN:
        out->suppress_prefix = netlink_u32(a);
        out->has_suppress_prefix = out->suppress_prefix != UINT32_MAX;
        break;
    case FRA_UID_RANGE:
        out->has_uids = netlink_bytes(a, &out->uids, sizeof(out->uids)) == sizeof(out->uids);
        break;
    case FRA_SPORT_RANGE:
        out->has_source_ports = netlink_bytes(a, &out->source_ports, sizeof(out->source_ports)) == 4;
        break;
    case FRA_DPORT_RANGE:
        out->has_destination_ports =
            netlink_bytes(a, &out->destination_ports, sizeof(out->destination_ports)) == 4;
        break;
    case FRA_IP_PROTO:
        out->ip_protocol = netlink_u8(a);
        break;
    case FRA_PROTOCOL:
        out->protocol = netlink_u8(a);
        out->has_protocol = true;
        break;
    case FRA_L3MDEV:
        out->l3mdev = netlink_u8(a) != 0;
        break;
    case FRA_IFNAME:
        netlink_string(a, out->input, sizeof(out->input));
        break;
    case FRA_OIFNAME:
        netlink_string(a, out->output, sizeof(out->output));
        break;
    default:
        break;
    }
}

bool rule_parse(const struct netlink_message *m, struct rule *out)
{
    struct netlink_view rest = m->payload;
    struct netlink_attribute a;
    struct fib_rule_hdr header;

    if ((m->type != RTM_NEWRULE && m->type != RTM_DELRULE) ||
        !netlink_take_header(&rest, &header, sizeof(header)) || !ip_size(header.family))
        return false;
    *out = (struct rule){.family = header.family,
                         .from.length = header.src_len,
                         .to.length = header.dst_len,
                         .tos = header.tos,
                         .table = header.table,
                         .action = header.action,
                         .flags = header.flags};
    while (netlink_next_attribute(&rest, &a))
        parse_attribute(&a, out);
    return true;
}

int rule_dump(struct netlink *n, int family, struct strbuf *replies, struct error *err)
{
    struct fib_rule_hdr header = {.family = (uint8_t)family};
    struct netlink_result result;
    struct netlink_batch b;

    netlink_batch_init(&b);
    netlink_begin(&b, RTM_GETRULE, 0, &header, sizeof(header));
    if (netlink_dump(n, &b, replies, &result) < 0)
        return netlink_error(&result, err, "cannot list the routing rules");
    return 0;
}
