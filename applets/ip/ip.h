/*
 * The parts of the applet ip: its objects (link, address, route, neighbour, rule, netns, monitor), each
 * reading its words and printing as iproute2 6.1 does, and what they share.
 */
#ifndef LXCBOX_APPLETS_IP_IP_H
#define LXCBOX_APPLETS_IP_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "net/link/address.h"
#include "net/link/link.h"
#include "net/link/netlink.h"

/* --- Output: text, or JSON ------------------------------------------------------------------------------ */

struct output {
    bool json, pretty;
    bool color;          /* text: names and addresses have colors */
    bool failed;         /* out of memory */
    int depth;           /* JSON: open arrays and objects */
    struct strbuf value; /* JSON: the outermost one; printed when it is complete */
};

/* A key is a member's name in JSON, NULL within an array; a text is for printf with the value, NULL where
 * text output has nothing. */
void output_open(struct output *o, const char *key, char bracket); /* '[' or '{' */
void output_close(struct output *o, char bracket);                 /* ']' or '}' */
void output_string(struct output *o, const char *key, const char *text, const char *value);
void output_number(struct output *o, const char *key, const char *text, int64_t value);
void output_true(struct output *o, const char *key, const char *text);
void output_null(struct output *o, const char *key, const char *text);
/* In text only. */
void output_text(const struct output *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- One call of ip ------------------------------------------------------------------------------------- */

struct ip_options {
    int family; /* AF_UNSPEC, AF_INET, AF_INET6; AF_PACKET with -0 */
    const char *family_name, *netns, *batch, *color;
    bool json, pretty, brief, oneline, statistics, details, all, force, version;
    bool human, iec, numeric, resolve, timestamp, short_timestamp;
    const char *loops, *buffer;
    uint32_t flush_rounds; /* read from `loops`; 0: without end */
};

struct ip_call {
    struct ip_options *options;
    struct netlink n; /* of the namespace that is meant */
    int netns;        /* its fd; -1: the caller's own */
    struct output out;
    const char *line; /* what ends a line: "\n", or "\\" with -oneline */
    struct link *links;
    size_t link_count; /* looked up so far */
    int shown_family;  /* ip address: of the addresses that are shown; AF_UNSPEC: all */
    bool one_link;     /* ip address: one is asked for */
    bool refused;      /* the kernel said no: exit status 2 */
    bool events;       /* ip monitor: what is shown has happened */
    bool deleted;      /* that it is gone */
    const char *label; /* what stands before it; NULL: nothing */
    char gone[16];     /* ip_link_name's */
};

/* Send a batch; on refusal `err` is "cannot WHAT: ...". */
int ip_exchange(struct ip_call *c, struct netlink_batch *b, struct strbuf *replies, struct error *err,
                const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Give a socket the receive buffer that -rcvbuf asks for; nothing without it. */
int ip_set_buffer(const struct ip_call *c, struct netlink *n, struct error *err);
/* Every link, kept in c->links. */
int ip_load_links(struct ip_call *c, struct error *err);
/* One link by name, kept; NULL with `err` filled where there is none. */
const struct link *ip_link_named(struct ip_call *c, const char *name, struct error *err);
/* The name of a link ("if7", until the next call, where it is gone), or the link; looked up once. */
const char *ip_link_name(struct ip_call *c, int index);
const struct link *ip_link_at(struct ip_call *c, int index);

/* --- Words ---------------------------------------------------------------------------------------------- */

/* Names for numbers: scopes, tables, protocols, ... */
#define IP_HOST_SIZE 256

struct ip_name {
    const char *name;
    uint32_t value;
};

extern const struct ip_name ip_scopes[], ip_tables[], ip_protocols[], ip_route_types[];

/* The name of a number, or the number as text in `out`. */
const char *ip_name_of(const struct ip_name *names, uint32_t value, char out[16]);
/* The same, but with -Numeric always the number. */
const char *ip_label(const struct ip_call *c, const struct ip_name *names, uint32_t value, char out[16]);
/* An address, or with -resolve the name of its host where it has one. */
const char *ip_host(const struct ip_call *c, const struct ip *ip, char out[IP_HOST_SIZE]);
/* A name or a number. 0 or -EINVAL. */
int ip_name_parse(const struct ip_name *names, const char *word, uint32_t *out);

enum ip_word_kind {
    WORD_END,
    WORD_STRING, /* const char * */
    WORD_U32,    /* uint32_t, also 0x */
    WORD_NAME,   /* uint32_t by `names` */
    WORD_TRUE,   /* bool; takes no value */
    WORD_SET,    /* uint32_t is set to `value`; takes no value */
    WORD_ON,     /* uint32_t: "on" 1, "off" 0 */
    WORD_IP,     /* struct ip; of the family asked for */
    WORD_PREFIX, /* struct ip_prefix; "default", "all" and "any" have the length 0 */
};

/* One keyword of a command. A number or name not given stays what it was: UNSET marks that. */
struct ip_word {
    const char *name;
    enum ip_word_kind kind;
    size_t offset;
    uint32_t value;
    const struct ip_name *names;
    bool whole; /* cannot be abbreviated */
};

#define UNSET UINT32_MAX

/*
 * Read words into `target` while they are in the table. Returns 1 at one that is not (*words is there: an
 * operand), 0 at the end, or a negative errno with `err` filled.
 */
int ip_words(const struct ip_word *table, void *target, int family, char ***words, struct error *err);
/* Whether `word` is `name` or, as iproute2 takes it, the beginning of it. */
bool ip_matches(const char *word, const char *name);
/* Whether it is "show", "list", "lst" or short for one, as "ls" is. */
bool ip_is_show(const char *word);
int ip_unknown(const char *word, const char *where, struct error *err);
/* "default", "all", "any", or an address with or without a length. */
int ip_prefix_word(const char *word, int family, struct ip_prefix *out, struct error *err);

/* --- The objects ---------------------------------------------------------------------------------------- */

/* `words` ends with NULL, its first is the command, if any. 0, an exit status, or a negative errno. */
int ip_link(struct ip_call *c, char **words, struct error *err);
int ip_address(struct ip_call *c, char **words, struct error *err);
int ip_route(struct ip_call *c, char **words, struct error *err);
/* `flags`: of NLM_F_CREATE, ...; deleting: 0. */
int ip_route_change(struct ip_call *c, char **words, uint16_t flags, bool deleting, struct error *err);
int ip_neighbour(struct ip_call *c, char **words, struct error *err);
int ip_rule(struct ip_call *c, char **words, struct error *err);
int ip_netns(struct ip_call *c, char **words, struct error *err);
int ip_monitor(struct ip_call *c, char **words, struct error *err);
int ip_tuntap(struct ip_call *c, char **words, struct error *err);

/* Show what an event says; nothing where it is none of the object's. */
void ip_link_event(struct ip_call *c, const struct netlink_message *m);
void ip_address_event(struct ip_call *c, const struct netlink_message *m);
void ip_route_event(struct ip_call *c, const struct netlink_message *m);
void ip_neighbour_event(struct ip_call *c, const struct netlink_message *m);
void ip_rule_event(struct ip_call *c, const struct netlink_message *m);
/* What stands before an event: the time where asked for, its label, "Deleted ". Nothing outside of ip
 * monitor. */
void ip_event_begin(struct ip_call *c);

/* Which links to show; index and master 0, kind NULL: any. */
struct ip_link_filter {
    const char *device, *master_name, *kind;
    int index, master;
    bool up, no_master;
    uint32_t group; /* UNSET: any */
};

bool ip_link_passes(const struct ip_link_filter *f, const struct link *l);
/* The first line or lines of a link; `for_addresses`: as `ip address` has it. */
void ip_link_show(struct ip_call *c, const struct link *l, bool for_addresses);
void ip_link_statistics(struct ip_call *c, const struct link *l);
const char *ip_hardware_address(const struct link *l, const uint8_t *bytes, size_t size,
                                char out[3 * LINK_ADDRESS_MAX]);

/* An fd of a network namespace: of a process by its PID, or by its name in /run/netns. */
int ip_netns_open(const char *name, struct error *err);
/* The name in /run/netns of the namespace that the kernel here calls `id`; "" for none. */
const char *ip_netns_name_of(struct ip_call *c, int id, char out[256]);

#endif
