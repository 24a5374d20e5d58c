/*
 * Leases of IPv4 addresses: who has which until when, and which is free. Addresses are in host byte order,
 * times in seconds of CLOCK_REALTIME (they outlive the process), handed in by the caller.
 */
#ifndef LXCBOX_NET_DHCP_LEASE_H
#define LXCBOX_NET_DHCP_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/dhcp/dhcp.h"

/* Who a client is: its identifier where it sent one, else its hardware address. RFC 2131, 2. One that sends
 * none is the client of that hardware address, whatever identifier that one had. */
struct lease_client {
    uint8_t hardware[16];
    uint8_t hardware_size; /* bytes */
    uint8_t id[DHCP_ID_MAX];
    uint8_t id_size;
};

struct lease {
    uint32_t address;
    struct lease_client client; /* both sizes 0: nobody (an address that is in use by a stranger) */
    char host_name[DHCP_NAME_SIZE];
    int64_t expires;        /* when the client loses it; 0: it only has an offer */
    int64_t reserved_until; /* held for the client though it has no lease: offered, or declined */
};

struct lease_table {
    uint32_t first, last; /* addresses that may be given to anybody */
    uint32_t least, most; /* addresses that may be in the table: those configured for a host, too */
    struct lease *leases; /* kept also after they have expired, so that a client gets its address again */
    size_t count, room;
};

/* `least` and `most` are first and last. */
void lease_table_init(struct lease_table *t, uint32_t first, uint32_t last);
void lease_table_free(struct lease_table *t);

bool lease_active(const struct lease *l, int64_t now);
/* Whether nobody has it and it is held for nobody. */
bool lease_free_for_others(const struct lease *l, int64_t now);

/* NULL where there is none. With several that may be the client's it is the one that was added last. */
struct lease *lease_of_client(struct lease_table *t, const struct lease_client *client);
struct lease *lease_of_address(struct lease_table *t, uint32_t address);
/* The active lease of a host name (any case), which at most one has. */
struct lease *lease_of_name(struct lease_table *t, const char *name, int64_t now);
/* Name a lease, and take the name from the others: the newest has it. */
void lease_set_name(struct lease_table *t, struct lease *l, const char *name);
size_t lease_count_active(const struct lease_table *t, int64_t now);

/*
 * The lease of an address, made a new one for `client` (expires and reserved_until 0, no name) where it was
 * another's or did not exist; what the client had elsewhere is forgotten. An identifier that the client sent
 * is noted. NULL when out of memory. Pointers
 * to leases do not survive this call.
 */
struct lease *lease_take(struct lease_table *t, uint32_t address, const struct lease_client *client);

/*
 * A free address for a client that has none: one that was never given, beginning at a place that depends on
 * the hardware address alone, else the one free for the longest time. `excluded` says of which addresses
 * never (NULL: none). 0 when there is none.
 */
uint32_t lease_choose(struct lease_table *t, const struct lease_client *client, int64_t now,
                      bool (*excluded)(const void *context, uint32_t address), const void *context);

/* --- As text: "EXPIRES HARDWARE ADDRESS NAME ID\n", dnsmasq's lines (EXPIRES 0: given back) --- */

#define LEASE_LINE_SIZE 640

/* Returns the number of bytes, without the NUL after them. */
size_t lease_format(const struct lease *l, char out[LEASE_LINE_SIZE]);
/* Read one line without its end. false where it is not whole. */
bool lease_parse(const char *line, size_t length, struct lease *out);

#endif
