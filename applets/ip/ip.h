/*
 * The parts of the applet ip: its objects (link, address, route, neighbour, rule, netns, monitor), with the
 * syntax and output of iproute2 6.1, and the functions that they share.
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

/* `key` is the name of a member in JSON, NULL within an array; `text` is a format of printf(3) for the value,
 * NULL if the value is not in text output. */
void output_open(struct output *o, const char *key, char bracket); /* '[' or '{' */
void output_close(struct output *o, char bracket);                 /* ']' or '}' */
void output_string(struct output *o, const char *key, const char *text, const char *value);
void output_number(struct output *o, const char *key, const char *text, int64_t value);
void output_true(struct output *o, const char *key, const char *text);
void output_null(struct output *o, const char *key, const char *text);
/* Print in text output only. */
void output_text(const struct output *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- One call of ip ------------------------------------------------------------------------------------- */

struct ip_options {
    int family; /* AF_UNSPEC, AF_INET, AF_INET6; AF_PACKET with -0 */
    const char *family_name, *netns, *batch, *color;
    bool json, pretty, brief, oneline, statistics, details, all, force, version;
    bool human, iec, numeric, resolve, timestamp, short_timestamp;
    const char *loops, *buffer;
    uint32_t flush_rounds; /* read from `loops`; 0: no limit */
};

struct ip_call {
    struct ip_options *options;
    struct netlink n; /* in the selected namespace */
    int netns;        /* its fd; -1: the caller's own */
    struct output out;
    const char *line; /* the end of a line: "\n", or "\\" with -oneline */
    struct link *links;
    size_t link_count; /* looked up so far */
    int shown_family;  /* ip address: family of the addresses shown; AF_UNSPEC: all */
    bool one_link;     /* ip address: only one link is shown */
    bool refused;      /* the kernel refused: exit status 2 */
    bool events;       /* ip monitor: objects are shown because of an event */
    bool deleted;      /* the object was deleted */
    const char *label; /* printed before the object; NULL: none */
    char gone[16];     /* ip_link_name's */
};

/* Send a batch; on failure `err` is "FORMAT: ...". */
int ip_exchange(struct ip_call *c, struct netlink_batch *b, struct strbuf *replies, struct error *err,
                const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Set the receive buffer of a socket as given by -rcvbuf, if any. */
int ip_set_buffer(const struct ip_call *c, struct netlink *n, struct error *err);
/* Load all links into c->links. */
int ip_load_links(struct ip_call *c, struct error *err);
/* Look up a link by name and store it in c->links; NULL with `err` filled if it does not exist. */
const struct link *ip_link_named(struct ip_call *c, const char *name, struct error *err);
/*
 * The name of a link ("if7", valid until the next call, if it no longer exists), or the link; looked up once.
 */
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
/* The same, but always the number with -Numeric. */
const char *ip_label(const struct ip_call *c, const struct ip_name *names, uint32_t value, char out[16]);
/* An address, or with -resolve its host name if it has one. */
const char *ip_host(const struct ip_call *c, const struct ip *ip, char out[IP_HOST_SIZE]);
/* Parse a name or a number. 0 or -EINVAL. */
int ip_name_parse(const struct ip_name *names, const char *word, uint32_t *out);

enum ip_word_kind {
    WORD_END,
    WORD_STRING, /* const char * */
    WORD_U32,    /* uint32_t, also 0x */
    WORD_NAME,   /* uint32_t by `names` */
    WORD_TRUE,   /* bool; takes no value */
    WORD_SET,    /* uint32_t is set to `value`; takes no value */
    WORD_ON,     /* uint32_t: "on" 1, "off" 0 */
    WORD_IP,     /* struct ip; of the requested family */
    WORD_PREFIX, /* struct ip_prefix; "default", "all" and "any" have the length 0 */
};

/* One keyword of a command. A number or name that is not given keeps its value, for example UNSET. */
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
 * Read words into `target` while they are in the table. Returns 1 at a word that is not (an operand, to which
 * *words then points), 0 at the end, or a negative errno with `err` filled.
 */
int ip_words(const struct ip_word *table, void *target, int family, char ***words, struct error *err);
/* Whether `word` is `name` or a prefix of it, as in iproute2. */
bool ip_matches(const char *word, const char *name);
/* Whether it is "show", "list", "lst" or an abbreviation such as "ls". */
bool ip_is_show(const char *word);
int ip_unknown(const char *word, const char *where, struct error *err);
/* "default", "all", "any", or an address with or without a length. */
int ip_prefix_word(const char *word, int family, struct ip_prefix *out, struct error *err);

/* --- The objects ---------------------------------------------------------------------------------------- */

/* `words` is terminated by NULL; the first one is the command, if any. Returns 0, an exit status, or a
 * negative errno. */
int ip_link(struct ip_call *c, char **words, struct error *err);
int ip_address(struct ip_call *c, char **words, struct error *err);
int ip_route(struct ip_call *c, char **words, struct error *err);
/* `flags`: NLM_F_CREATE, ...; 0 when deleting. */
int ip_route_change(struct ip_call *c, char **words, uint16_t flags, bool deleting, struct error *err);
int ip_neighbour(struct ip_call *c, char **words, struct error *err);
int ip_rule(struct ip_call *c, char **words, struct error *err);
int ip_netns(struct ip_call *c, char **words, struct error *err);
int ip_monitor(struct ip_call *c, char **words, struct error *err);
int ip_tuntap(struct ip_call *c, char **words, struct error *err);

/* Print an event; nothing if it belongs to another object. */
void ip_link_event(struct ip_call *c, const struct netlink_message *m);
void ip_address_event(struct ip_call *c, const struct netlink_message *m);
void ip_route_event(struct ip_call *c, const struct netlink_message *m);
void ip_neighbour_event(struct ip_call *c, const struct netlink_message *m);
void ip_rule_event(struct ip_call *c, const struct netlink_message *m);
/* Print the text before an event: the time if requested, its label, "Deleted ". Nothing outside of ip
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
/* The first line or lines of a link; `for_addresses`: in the format of `ip address`. */
void ip_link_show(struct ip_call *c, const struct link *l, bool for_addresses);
void ip_link_statistics(struct ip_call *c, const struct link *l);
const char *ip_hardware_address(const struct link *l, const uint8_t *bytes, size_t size,
                                char out[3 * LINK_ADDRESS_MAX]);

/* Open a network namespace by its name in /run/netns, or by the PID of a process in it. */
int ip_netns_open(const char *name, struct error *err);
/* The name in /run/netns of the namespace with the id `id` in this namespace; "" if there is none. */
const char *ip_netns_name_of(struct ip_call *c, int id, char out[256]);

#endif
