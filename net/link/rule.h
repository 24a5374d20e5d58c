/*
 * Routing rules, which select the routing table for a packet. Converted between structs and netlink messages.
 * Sources: rtnetlink(7), linux/fib_rules.h, Documentation/netlink/specs/rt-rule.yaml.
 */
#ifndef LXCBOX_NET_LINK_RULE_H
#define LXCBOX_NET_LINK_RULE_H

#include <linux/fib_rules.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/address.h"
#include "net/link/netlink.h"

struct rule {
    int family;                /* AF_INET, AF_INET6 */
    struct ip_prefix from, to; /* family 0: any */
    uint32_t priority;         /* 0 and !has_priority: chosen by the kernel */
    uint32_t table;            /* RT_TABLE_*; 0: none */
    uint32_t mark, mark_mask;
    uint32_t go_to;           /* FR_ACT_GOTO: the priority to continue at */
    uint32_t suppress_prefix; /* when has_suppress_prefix: ignore routes of this many bits or fewer */
    char input[IFNAMSIZ], output[IFNAMSIZ];
    struct fib_rule_uid_range uids;
    struct fib_rule_port_range source_ports, destination_ports;
    uint8_t tos, action /* FR_ACT_* */, protocol /* RTPROT_* */, ip_protocol;
    uint32_t flags; /* FIB_RULE_* */
    bool has_priority, has_mark, has_mark_mask, has_go_to, has_suppress_prefix, has_uids, has_source_ports,
        has_destination_ports, has_protocol, l3mdev;
};

/* Build one message into a batch. When deleting, a member that is not set matches any value. */
void rule_add(struct netlink_batch *b, const struct rule *rule);
void rule_delete(struct netlink_batch *b, const struct rule *rule);

/* Parse one RTM_NEWRULE (or, in a notification, RTM_DELRULE). False if the message is of another type, too
 * short, or neither IPv4 nor IPv6. */
bool rule_parse(const struct netlink_message *m, struct rule *out);

/* Replace the contents of `replies` with the rules of a family. Iterate with netlink_next_message and
 * rule_parse. */
int rule_dump(struct netlink *n, int family, struct strbuf *replies, struct error *err);

#endif
