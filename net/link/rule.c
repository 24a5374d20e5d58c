#include "net/link/rule.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

static void rule_put_if(struct netlink_batch *b, bool set, uint16_t type, const void *value, size_t size)
{
    if (set)
        netlink_put(b, type, value, size);
}

static void rule_put(struct netlink_batch *b, uint16_t type, uint16_t flags, const struct rule *rule)
{
    struct fib_rule_hdr header = {.family = (uint8_t)rule->family,
                                  .dst_len = rule->to.length,
                                  .src_len = rule->from.length,
                                  .tos = rule->tos,
                                  .table = (uint8_t)(rule->table > UINT8_MAX ? RT_TABLE_UNSPEC : rule->table),
                                  .action = rule->action,
                                  .flags = rule->flags};
    size_t size = ip_size(rule->family);

    netlink_begin(b, type, flags, &header, sizeof(header));
    rule_put_if(b, rule->from.ip.family && rule->from.length, FRA_SRC, rule->from.ip.bytes, size);
    rule_put_if(b, rule->to.ip.family && rule->to.length, FRA_DST, rule->to.ip.bytes, size);
    rule_put_if(b, rule->has_priority, FRA_PRIORITY, &rule->priority, sizeof(rule->priority));
    rule_put_if(b, rule->table > UINT8_MAX, FRA_TABLE, &rule->table, sizeof(rule->table));
    rule_put_if(b, rule->has_mark, FRA_FWMARK, &rule->mark, sizeof(rule->mark));
    rule_put_if(b, rule->has_mark_mask, FRA_FWMASK, &rule->mark_mask, sizeof(rule->mark_mask));
    rule_put_if(b, rule->has_go_to, FRA_GOTO, &rule->go_to, sizeof(rule->go_to));
    rule_put_if(b, rule->has_suppress_prefix, FRA_SUPPRESS_PREFIXLEN, &rule->suppress_prefix,
                sizeof(rule->suppress_prefix));
    rule_put_if(b, rule->has_uids, FRA_UID_RANGE, &rule->uids, sizeof(rule->uids));
    rule_put_if(b, rule->has_source_ports, FRA_SPORT_RANGE, &rule->source_ports, sizeof(rule->source_ports));
    rule_put_if(b, rule->has_destination_ports, FRA_DPORT_RANGE, &rule->destination_ports,
                sizeof(rule->destination_ports));
    rule_put_if(b, rule->ip_protocol, FRA_IP_PROTO, &rule->ip_protocol, 1);
    rule_put_if(b, rule->protocol, FRA_PROTOCOL, &rule->protocol, 1);
    rule_put_if(b, rule->l3mdev, FRA_L3MDEV, &(uint8_t){1}, 1);
    if (rule->input[0])
        netlink_put_string(b, FRA_IFNAME, rule->input);
    if (rule->output[0])
        netlink_put_string(b, FRA_OIFNAME, rule->output);
}

void rule_add(struct netlink_batch *b, const struct rule *rule)
{
    rule_put(b, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
}

void rule_delete(struct netlink_batch *b, const struct rule *rule)
{
    rule_put(b, RTM_DELRULE, 0, rule);
}

static void rule_parse_attribute(const struct netlink_attribute *a, struct rule *out)
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
        rule_parse_attribute(&a, out);
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
