/*
 * Leases of IPv4 addresses: their clients, their expiry, and free addresses. Addresses are in host byte
 * order. Times are in seconds of CLOCK_REALTIME (they outlive the process) and passed in by the caller.
 */
#ifndef LXCBOX_NET_DHCP_LEASE_H
#define LXCBOX_NET_DHCP_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/dhcp/dhcp.h"

/* The identity of a client: its identifier if it sent one, else its hardware address. RFC 2131, 2. A client
 * that sends no identifier is the client with that hardware address, whatever its identifier. */
struct lease_client {
    uint8_t hardware[16];
    uint8_t hardware_size; /* bytes */
    uint8_t id[DHCP_ID_MAX];
    uint8_t id_size;
};

struct lease {
    uint32_t address;
    struct lease_client client; /* both sizes 0: none (the address is in use by an unknown host) */
    char host_name[DHCP_NAME_SIZE];
    int64_t expires;        /* when the lease ends; 0: only offered */
    int port;               /* of the bridge, from which it was requested last; 0: unknown. Not in the text */
    int64_t reserved_until; /* reserved for the client without a lease: offered, or declined */
};

struct lease_table {
    uint32_t first, last; /* addresses for any client */
    uint32_t least, most; /* addresses that may be in the table, including those configured for a host */
    struct lease *leases; /* kept after they have expired, so that a client gets the same address again */
    size_t count, room;
};

/* `least` and `most` are set to `first` and `last`. */
void lease_table_init(struct lease_table *t, uint32_t first, uint32_t last);
void lease_table_free(struct lease_table *t);

bool lease_active(const struct lease *l, int64_t now);
/* Whether the address is neither leased nor reserved. */
bool lease_free_for_others(const struct lease *l, int64_t now);

/* The lease of a client, or NULL. If several match, the one that was added last. */
struct lease *lease_of_client(struct lease_table *t, const struct lease_client *client);
struct lease *lease_of_address(struct lease_table *t, uint32_t address);
/* The active lease of a host name (in any case); at most one lease has a name. */
struct lease *lease_of_name(struct lease_table *t, const char *name, int64_t now);
/* Name a lease, and remove the name from other leases: the newest one has it. */
void lease_set_name(struct lease_table *t, struct lease *l, const char *name);
size_t lease_count_active(const struct lease_table *t, int64_t now);

/*
 * The lease of an address for `client`. It is initialized (expires and reserved_until 0, no name) if it did
 * not exist or belonged to another client; a lease of the client for another address is deleted. The
 * identifier that the client sent is recorded. NULL when out of memory. The call invalidates pointers to
 * leases.
 */
struct lease *lease_take(struct lease_table *t, uint32_t address, const struct lease_client *client);

/*
 * As lease_take, but leases of the client for other addresses stay, and the identifier is that of `client`
 * alone: for a table that is read as it was. It replaces the lease of the address.
 */
struct lease *lease_put(struct lease_table *t, uint32_t address, const struct lease_client *client);

/*
 * A free address for a client without one: one that was never leased, searched from a position that depends
 * only on the hardware address, else the one that has been free for the longest time. `excluded` is true for
 * addresses that must not be chosen (NULL: none). 0 if there is no free address.
 */
uint32_t lease_choose(struct lease_table *t, const struct lease_client *client, int64_t now,
                      bool (*excluded)(const void *context, uint32_t address), const void *context);

/* --- As text: "EXPIRES HARDWARE ADDRESS NAME ID\n", lines of dnsmasq (EXPIRES 0: released) --- */

#define LEASE_LINE_SIZE 640

/* Returns the number of bytes, without the NUL after them. */
size_t lease_format(const struct lease *l, char out[LEASE_LINE_SIZE]);
/* Parse one line without its newline. False if it is incomplete. */
bool lease_parse(const char *line, size_t length, struct lease *out);

#endif
