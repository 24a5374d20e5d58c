/* ip rule: add, delete, show, flush. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "applets/ip/ip.h"
#include "core/base/cleanup.h"
#include "net/link/rule.h"

/* --- Showing --- */

static void rule_show_prefix(struct ip_call *c, const char *key, const char *length_key, const char *text,
                             const struct ip_prefix *p)
{
    char ip[IP_TEXT_SIZE];

    output_string(&c->out, key, text, p->ip.family ? ip_format(&p->ip, ip) : "0");
    if (p->length != ip_size(p->ip.family) * 8)
        output_number(&c->out, length_key, "/%lld", p->length);
}

static void rule_show_mark(struct ip_call *c, const struct rule *rule)
{
    char text[16];

    if (!rule->has_mark && !rule->has_mark_mask)
        return;
    snprintf(text, sizeof(text), "%#x", rule->mark);
    output_string(&c->out, "fwmark", " fwmark %s", text);
    if (rule->has_mark_mask && rule->mark_mask != UINT32_MAX) {
        snprintf(text, sizeof(text), "%#x", rule->mark_mask);
        output_string(&c->out, "fwmask", "/%s", text);
    }
}

static void rule_show_ports(struct ip_call *c, const char *name, const struct fib_rule_port_range *p)
{
    char key[16], text[24];

    if (p->start == p->end) {
        snprintf(text, sizeof(text), " %s %%lld", name);
        output_number(&c->out, name, text, p->start);
        return;
    }
    snprintf(key, sizeof(key), "%s_start", name);
    snprintf(text, sizeof(text), " %s %%lld", name);
    output_number(&c->out, key, text, p->start);
    snprintf(key, sizeof(key), "%s_end", name);
    output_number(&c->out, key, "-%lld", p->end);
}

static const struct ip_name ip_protocol_names[] = {{"icmp", 1},       {"tcp", 6},    {"udp", 17},
                                                   {"ipv6-icmp", 58}, {"sctp", 132}, {NULL, 0}};

static void rule_show_selectors(struct ip_call *c, const struct rule *rule)
{
    char number[16];

    if (rule->flags & FIB_RULE_INVERT)
        output_null(&c->out, "not", "not ");
    if (rule->from.ip.family || rule->from.length)
        rule_show_prefix(c, "src", "srclen", "from %s", &rule->from);
    else
        output_string(&c->out, "src", "from %s", "all");
    if (rule->to.ip.family || rule->to.length)
        rule_show_prefix(c, "dst", "dstlen", " to %s", &rule->to);
    if (rule->tos) {
        snprintf(number, sizeof(number), "0x%02x", rule->tos);
        output_string(&c->out, "tos", " tos %s", number);
    }
    rule_show_mark(c, rule);
    if (rule->input[0]) {
        output_string(&c->out, "iif", " iif %s", rule->input);
        if (rule->flags & FIB_RULE_IIF_DETACHED)
            output_null(&c->out, "iif_detached", " [detached]");
    }
    if (rule->output[0]) {
        output_string(&c->out, "oif", " oif %s", rule->output);
        if (rule->flags & FIB_RULE_OIF_DETACHED)
            output_null(&c->out, "oif_detached", " [detached]");
    }
    if (rule->l3mdev)
        output_null(&c->out, "l3mdev", " lookup [l3mdev-table]");
    if (rule->has_uids) {
        output_number(&c->out, "uid_start", " uidrange %lld", rule->uids.start);
        output_number(&c->out, "uid_end", "-%lld", rule->uids.end);
    }
    if (rule->ip_protocol)
        output_string(&c->out, "ipproto", " ipproto %s",
                      ip_label(c, ip_protocol_names, rule->ip_protocol, number));
    if (rule->has_source_ports)
        rule_show_ports(c, "sport", &rule->source_ports);
    if (rule->has_destination_ports)
        rule_show_ports(c, "dport", &rule->destination_ports);
}

static void rule_show(struct ip_call *c, const struct rule *rule)
{
    char number[16];

    output_open(&c->out, NULL, '{');
    ip_event_begin(c);
    output_number(&c->out, "priority", "%lld:\t", rule->priority);
    rule_show_selectors(c, rule);
    if (rule->table) {
        output_string(&c->out, "table", " lookup %s", ip_label(c, ip_tables, rule->table, number));
        if (rule->has_suppress_prefix)
            output_number(&c->out, "suppress_prefixlen", " suppress_prefixlength %lld",
                          rule->suppress_prefix);
    }
    if (rule->action == FR_ACT_GOTO) {
        if (rule->has_go_to)
            output_number(&c->out, "goto", " goto %lld", rule->go_to);
        else
            output_string(&c->out, "goto", " goto %s", "none");
        if (rule->flags & FIB_RULE_UNRESOLVED)
            output_null(&c->out, "unresolved", " [unresolved]");
    } else if (rule->action == FR_ACT_NOP) {
        output_null(&c->out, "nop", " nop");
    } else if (rule->action != FR_ACT_TO_TBL) {
        output_string(&c->out, "action", " %s", ip_label(c, ip_route_types, rule->action, number));
    }
    if ((rule->protocol && rule->protocol != RTPROT_KERNEL) || (rule->has_protocol && c->options->details))
        output_string(&c->out, "protocol", " proto %s", ip_label(c, ip_protocols, rule->protocol, number));
    output_text(&c->out, "\n");
    output_close(&c->out, '}');
}

void ip_rule_event(struct ip_call *c, const struct netlink_message *m)
{
    struct rule r;

    if (rule_parse(m, &r))
        rule_show(c, &r);
}

/* --- Reading --- */

struct rule_words {
    struct ip_prefix from, to;
    const char *mark, *uids, *source_ports, *destination_ports, *input, *output;
    uint32_t priority, table, tos, protocol, ip_protocol, suppress_prefix, go_to, action, inverted;
    bool l3mdev, has_from, has_to;
};

#define WORD(name, kind, member, names, whole)                                                               \
    {                                                                                                        \
        name, kind, offsetof(struct rule_words, member), 0, names, whole                                     \
    }

static const struct ip_word words_table[] = {
    {"not", WORD_SET, offsetof(struct rule_words, inverted), FIB_RULE_INVERT, NULL, true},
    WORD("from", WORD_PREFIX, from, NULL, true),
    WORD("to", WORD_PREFIX, to, NULL, true),
    WORD("preference", WORD_U32, priority, NULL, false),
    WORD("order", WORD_U32, priority, NULL, false),
    WORD("priority", WORD_U32, priority, NULL, false),
    WORD("tos", WORD_U32, tos, NULL, true),
    WORD("dsfield", WORD_U32, tos, NULL, false),
    WORD("fwmark", WORD_STRING, mark, NULL, true),
    WORD("protocol", WORD_NAME, protocol, ip_protocols, false),
    WORD("table", WORD_NAME, table, ip_tables, false),
    WORD("lookup", WORD_NAME, table, ip_tables, true),
    WORD("suppress_prefixlength", WORD_U32, suppress_prefix, NULL, false),
    WORD("dev", WORD_STRING, input, NULL, true),
    WORD("iif", WORD_STRING, input, NULL, true),
    WORD("oif", WORD_STRING, output, NULL, true),
    WORD("l3mdev", WORD_TRUE, l3mdev, NULL, true),
    WORD("uidrange", WORD_STRING, uids, NULL, true),
    WORD("ipproto", WORD_NAME, ip_protocol, ip_protocol_names, true),
    WORD("sport", WORD_STRING, source_ports, NULL, true),
    WORD("dport", WORD_STRING, destination_ports, NULL, true),
    WORD("goto", WORD_U32, go_to, NULL, false),
    {NULL, WORD_END, 0, 0, NULL, true},
};

/* "A-B", or "A" for both. */
static int rule_read_range(const char *word, char separator, uint64_t max, uint64_t *first, uint64_t *second,
                           struct error *err)
{
    char left[24];
    const char *split = strchr(word, separator);
    size_t n = split ? (size_t)(split - word) : strlen(word);

    snprintf(left, sizeof(left), "%.*s", (int)(n < 23 ? n : 23), word);
    if (parse_uint64(left, 0, max, first) < 0 || (split && parse_uint64(split + 1, 0, max, second) < 0))
        return error_text(err, EINVAL, "\"%s\" is not a range of numbers", word);
    if (!split)
        *second = *first;
    return 0;
}

static int rule_read_ranges(const struct rule_words *w, struct rule *rule, struct error *err)
{
    uint64_t a, b;
    int code = 0;

    if (w->mark) {
        code = rule_read_range(w->mark, '/', UINT32_MAX, &a, &b, err);
        rule->has_mark = true;
        rule->has_mark_mask = strchr(w->mark, '/') != NULL;
        rule->mark = (uint32_t)a;
        rule->mark_mask = (uint32_t)b;
    }
    if (code == 0 && w->uids) {
        code = rule_read_range(w->uids, '-', UINT32_MAX, &a, &b, err);
        rule->uids = (struct fib_rule_uid_range){(uint32_t)a, (uint32_t)b};
        rule->has_uids = true;
    }
    if (code == 0 && w->source_ports) {
        code = rule_read_range(w->source_ports, '-', UINT16_MAX, &a, &b, err);
        rule->source_ports = (struct fib_rule_port_range){(uint16_t)a, (uint16_t)b};
        rule->has_source_ports = true;
    }
    if (code == 0 && w->destination_ports) {
        code = rule_read_range(w->destination_ports, '-', UINT16_MAX, &a, &b, err);
        rule->destination_ports = (struct fib_rule_port_range){(uint16_t)a, (uint16_t)b};
        rule->has_destination_ports = true;
    }
    return code;
}

static int rule_read(struct ip_call *c, const struct rule_words *w, bool deleting, struct rule *rule,
                     struct error *err)
{
    *rule = (struct rule){.family = c->options->family  ? c->options->family
                                    : w->from.ip.family ? w->from.ip.family
                                    : w->to.ip.family   ? w->to.ip.family
                                                        : AF_INET,
                          .from = w->from,
                          .to = w->to,
                          .priority = w->priority,
                          .has_priority = w->priority != UNSET,
                          .tos = (uint8_t)(w->tos == UNSET ? 0 : w->tos),
                          .protocol = (uint8_t)(w->protocol == UNSET ? 0 : w->protocol),
                          .ip_protocol = (uint8_t)(w->ip_protocol == UNSET ? 0 : w->ip_protocol),
                          .has_suppress_prefix = w->suppress_prefix != UNSET,
                          .suppress_prefix = w->suppress_prefix,
                          .has_go_to = w->go_to != UNSET,
                          .go_to = w->go_to,
                          .flags = w->inverted == UNSET ? 0 : FIB_RULE_INVERT,
                          .l3mdev = w->l3mdev};
    rule->action = (uint8_t)(w->go_to != UNSET    ? FR_ACT_GOTO
                             : w->action != UNSET ? w->action
                             : deleting           ? FR_ACT_UNSPEC
                                                  : FR_ACT_TO_TBL);
    rule->table = w->table != UNSET                             ? w->table
                  : rule->action == FR_ACT_TO_TBL && !w->l3mdev ? RT_TABLE_MAIN
                                                                : 0;
    if ((w->input && !link_name_valid(w->input)) || (w->output && !link_name_valid(w->output)))
        return error_text(err, EINVAL, "\"%s\" cannot be the name of a network interface",
                          w->input && !link_name_valid(w->input) ? w->input : w->output);
    if (w->input)
        strcpy(rule->input, w->input);
    if (w->output)
        strcpy(rule->output, w->output);
    return rule_read_ranges(w, rule, err);
}

static int rule_read_words(struct ip_call *c, char **words, struct rule_words *w, struct error *err)
{
    int r;

    *w = (struct rule_words){.priority = UNSET,
                             .table = UNSET,
                             .tos = UNSET,
                             .protocol = UNSET,
                             .ip_protocol = UNSET,
                             .suppress_prefix = UNSET,
                             .go_to = UNSET,
                             .action = UNSET,
                             .inverted = UNSET};
    while ((r = ip_words(words_table, w, c->options->family, &words, err)) == 1) {
        if (strcmp(*words, "type") == 0 && words[1])
            words++;
        if (ip_matches(*words, "nop"))
            w->action = FR_ACT_NOP;
        else if (**words < 'a' || ip_name_parse(ip_route_types, *words, &w->action) < 0)
            return ip_unknown(*words, "ip rule", err);
        words++;
    }
    return r;
}

static int rule_change(struct ip_call *c, char **words, bool deleting, struct error *err)
{
    struct rule_words w;
    struct netlink_batch b;
    struct rule rule;
    int r;

    if (!words[0])
        return error_text(err, EINVAL, "ip rule %s needs a rule", deleting ? "delete" : "add");
    r = rule_read_words(c, words, &w, err);
    if (r == 0)
        r = rule_read(c, &w, deleting, &rule, err);
    if (r < 0)
        return r;
    netlink_batch_init(&b);
    if (deleting)
        rule_delete(&b, &rule);
    else
        rule_add(&b, &rule);
    return ip_exchange(c, &b, NULL, err, "cannot %s the rule", deleting ? "delete" : "add");
}

static bool rule_is_same_prefix(const struct ip_prefix *wanted, const struct ip_prefix *p)
{
    return !wanted->length || (wanted->length == p->length && ip_equal(&wanted->ip, &p->ip));
}

static bool rule_passes(const struct rule_words *w, const struct rule *rule)
{
    return (w->priority == UNSET || w->priority == rule->priority) &&
           (w->table == UNSET || w->table == rule->table) &&
           (!w->input || strcmp(w->input, rule->input) == 0) &&
           (!w->output || strcmp(w->output, rule->output) == 0) &&
           (w->protocol == UNSET || w->protocol == rule->protocol) &&
           rule_is_same_prefix(&w->from, &rule->from) && rule_is_same_prefix(&w->to, &rule->to);
}

/* Show the matching rules, or delete them except the first one, which the kernel needs. */
static int rule_show_or_flush(struct ip_call *c, char **words, bool deleting, struct error *err)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct rule_words w;
    struct netlink_message m;
    struct netlink_batch b;
    struct netlink_view rest;
    struct rule rule;
    int r = rule_read_words(c, words, &w, err);

    if (r == 0)
        r = rule_dump(&c->n, c->options->family ? c->options->family : AF_INET, &replies, err);
    if (r < 0)
        return r;
    if (!deleting)
        output_open(&c->out, NULL, '[');
    for (rest = netlink_view_of(&replies); r == 0 && netlink_next_message(&rest, &m);) {
        if (!rule_parse(&m, &rule) || !rule_passes(&w, &rule))
            continue;
        if (!deleting) {
            rule_show(c, &rule);
        } else if (rule.has_priority) {
            netlink_batch_init(&b);
            rule_delete(&b, &rule);
            r = ip_exchange(c, &b, NULL, err, "cannot delete rule %u", rule.priority);
        }
    }
    if (!deleting)
        output_close(&c->out, ']');
    return r;
}

int ip_rule(struct ip_call *c, char **words, struct error *err)
{
    if (!words[0])
        return rule_show_or_flush(c, words, false, err);
    if (ip_is_show(words[0]))
        return rule_show_or_flush(c, words + 1, false, err);
    if (ip_matches(words[0], "add"))
        return rule_change(c, words + 1, false, err);
    if (ip_matches(words[0], "delete"))
        return rule_change(c, words + 1, true, err);
    if (ip_matches(words[0], "flush"))
        return rule_show_or_flush(c, words + 1, true, err);
    return ip_unknown(words[0], "ip rule", err);
}
