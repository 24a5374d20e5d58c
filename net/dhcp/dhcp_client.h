/*
 * The DHCPv4 client as a state machine: it uses no socket and no clock, and applies no address. Sources: RFC
 * 2131, 4.4; RFC 5227. Addresses are in host byte order, times in milliseconds of a clock that the caller
 * chooses (it should continue while the machine is suspended).
 */
#ifndef LXCBOX_NET_DHCP_DHCP_CLIENT_H
#define LXCBOX_NET_DHCP_DHCP_CLIENT_H

#include "net/dhcp/dhcp.h"

enum dhcp_state {
    DHCP_STATE_INIT, /* waits before it starts (again) */
    DHCP_STATE_SELECTING,
    DHCP_STATE_REQUESTING,
    DHCP_STATE_CHECKING, /* checks whether another host has the address */
    DHCP_STATE_BOUND,
    DHCP_STATE_RENEWING,
    DHCP_STATE_REBINDING,
};

enum dhcp_event {
    DHCP_NOTHING,
    DHCP_BOUND,  /* the lease is new, renewed, or changed */
    DHCP_LOST,   /* the lease has ended and must no longer be used */
    DHCP_TAKEN,  /* another host has the address `offered`, which is declined; an earlier lease must no longer
                    be used either */
    DHCP_SILENT, /* a round of tries is over without an answer; the client continues to try */
};

struct dhcp_client {
    /* Set by the caller. */
    uint8_t hardware[6];
    uint8_t id[DHCP_ID_MAX]; /* client identifier */
    uint8_t id_size;         /* 0: not sent */
    char host_name[DHCP_NAME_SIZE];
    uint32_t wanted;   /* the preferred address; 0: any */
    unsigned tries;    /* DISCOVER messages per round, at least 1 */
    uint32_t try_ms;   /* time-out of the first, doubled for each later one, up to 64 s */
    uint32_t pause_ms; /* between rounds */
    uint32_t random;   /* any value but 0 */

    enum dhcp_state state;
    int64_t next_ms;           /* when dhcp_client_timeout is due */
    struct dhcp_message lease; /* the acknowledgement; type 0: no lease */

    uint32_t transaction;
    unsigned attempt;
    bool has_declined; /* since it was last bound */
    int64_t began_ms;  /* start of this exchange */
    int64_t bound_ms;  /* time of the request for which the lease was granted */
    uint32_t offered, server;
};

struct dhcp_action {
    enum dhcp_event event;
    bool send;
    bool to_server; /* to client.server only; else broadcast */
    struct dhcp_message message;
    uint32_t probe;    /* probe for this address on the link; 0: none */
    uint32_t announce; /* announce this address on the link; 0: none */
};

/* Start, or start again, for example on a network that may be another one. An existing lease stays until it
 * is replaced or ends, and its address is requested first. */
void dhcp_client_start(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out);
/* The time `next_ms` has come (nothing happens before it). */
void dhcp_client_timeout(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out);
/* Handle a received message; it is ignored if it is not for this client or not expected. */
void dhcp_client_receive(struct dhcp_client *c, const struct dhcp_message *m, int64_t now_ms,
                         struct dhcp_action *out);
/* Report, while `state` is DHCP_STATE_CHECKING, that another host has the address. */
void dhcp_client_conflict(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out);
/* Release the lease; it must no longer be used. */
void dhcp_client_release(struct dhcp_client *c, struct dhcp_action *out);

#endif
