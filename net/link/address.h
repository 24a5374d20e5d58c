/*
 * Internet addresses and the addresses of links, converted between structs and netlink messages. Sources:
 * rtnetlink(7), linux/if_addr.h, Documentation/netlink/specs/rt-addr.yaml.
 */
#ifndef LXCBOX_NET_LINK_ADDRESS_H
#define LXCBOX_NET_LINK_ADDRESS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/netlink.h"

/* --- Internet addresses ----------------------------------------------------------------------------------
 */

struct ip {
    int family;        /* AF_INET or AF_INET6; 0: none */
    uint8_t bytes[16]; /* network byte order; the first 4 of AF_INET, the rest zero */
};

struct ip_prefix {
    struct ip ip;
    uint8_t length; /* bits */
};

#define IP_TEXT_SIZE     46 /* bytes, INET6_ADDRSTRLEN */
#define PREFIX_TEXT_SIZE 50

/* Size of an address in bytes: 4, 16, or 0 for any other family. */
size_t ip_size(int family);
/* The address in ip_size(family) bytes in network byte order. */
struct ip ip_make(int family, const uint8_t *bytes);
bool ip_equal(const struct ip *a, const struct ip *b);
bool ip_is_zero(const struct ip *a);

/* "192.168.5.1" or "fd00::1", of `family` (AF_UNSPEC: either). 0 or -EINVAL. */
int ip_parse(const char *text, int family, struct ip *out);
/* "192.168.5.1/24"; without a length, the length is that of a host address: 32 or 128. 0 or -EINVAL. */
int prefix_parse(const char *text, int family, struct ip_prefix *out);
/* Write the usual text form into `out` and return it; "" if the family is 0. */
const char *ip_format(const struct ip *ip, char out[IP_TEXT_SIZE]);
/* "192.168.5.0/24"; the length is omitted for a host address. */
const char *prefix_format(const struct ip_prefix *p, char out[PREFIX_TEXT_SIZE]);
/* The network's last address: 192.168.5.255 for 192.168.5.1/24. AF_INET only. */
void ip_broadcast(const struct ip_prefix *p, struct ip *out);

/* The address in an attribute, of the given family. The result has family 0 if the attribute is too short. */
void ip_read(const struct netlink_attribute *a, int family, struct ip *out);

/* --- Addresses of links --------------------------------------------------------------------------------- */

#define ADDRESS_FOREVER 0xffffffffU /* seconds */

struct address {
    int index;              /* of the link */
    struct ip local;        /* the link's own */
    struct ip peer;         /* the other end's on a point-to-point link; family 0: none */
    struct ip broadcast;    /* family 0: none */
    uint8_t length;         /* of the prefix, bits */
    uint8_t scope;          /* RT_SCOPE_* */
    uint8_t protocol;       /* IFAPROT_*: the origin of the address; 0: not reported */
    uint32_t flags;         /* IFA_F_* */
    uint32_t metric;        /* of the prefix's route; 0: the kernel's default */
    char label[IFNAMSIZ];   /* "": the link's name; AF_INET only */
    bool has_lifetime;      /* when building: send the two below */
    uint32_t valid_seconds; /* ADDRESS_FOREVER: no limit */
    uint32_t preferred_seconds;
};

/* Build one message into a batch. With `replace`, an existing address is changed; without it, an existing
 * address is an error (-EEXIST). */
void address_add(struct netlink_batch *b, const struct address *a, bool replace);
void address_delete(struct netlink_batch *b, const struct address *a);

/* Parse one RTM_NEWADDR (or, in a notification, RTM_DELADDR). False if the message is of another type or too
 * short. */
bool address_parse(const struct netlink_message *m, struct address *out);

/* Replace the contents of `replies` with the addresses of a family (AF_UNSPEC: all) on a link (0: every
 * link). Iterate with netlink_next_message and address_parse. Older kernels do not filter by link, so the
 * caller has to check each entry. */
int address_dump(struct netlink *n, int family, int index, struct strbuf *replies, struct error *err);

#endif
