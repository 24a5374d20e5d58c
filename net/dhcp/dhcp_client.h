/*
 * The DHCPv4 client as a state machine: no socket, no clock, no address applied. Sources: RFC 2131, 4.4; RFC
 * 5227. Addresses are in host byte order, times in milliseconds of one clock that the caller chooses (it
 * should count while the machine sleeps).
 */
#ifndef LXCBOX_NET_DHCP_DHCP_CLIENT_H
#define LXCBOX_NET_DHCP_DHCP_CLIENT_H

#include "net/dhcp/dhcp.h"

enum dhcp_state {
    DHCP_STATE_INIT, /* waits before it begins (again) */
    DHCP_STATE_SELECTING,
    DHCP_STATE_REQUESTING,
    DHCP_STATE_CHECKING, /* whether anybody else has the address */
    DHCP_STATE_BOUND,
    DHCP_STATE_RENEWING,
    DHCP_STATE_REBINDING,
};

enum dhcp_event {
    DHCP_NOTHING,
    DHCP_BOUND,  /* there is a lease: new, renewed, or changed */
    DHCP_LOST,   /* it has ended: nothing of it may be used any longer */
    DHCP_TAKEN,  /* another host has the address `offered`; it is declined, and of what was before nothing
                    may be used any longer either */
    DHCP_SILENT, /* a round of tries is over and no server has answered; it goes on trying */
};

struct dhcp_client {
    /* Set by the caller. */
    uint8_t hardware[6];
    uint8_t id[DHCP_ID_MAX]; /* client identifier */
    uint8_t id_size;         /* 0: none is sent */
    char host_name[DHCP_NAME_SIZE];
    uint32_t wanted;   /* an address it would like; 0: any */
    unsigned tries;    /* discovers of a round, at least 1 */
    uint32_t try_ms;   /* the time of the first one, doubled for each later one up to 64 s */
    uint32_t pause_ms; /* between rounds */
    uint32_t random;   /* anything but 0 */

    enum dhcp_state state;
    int64_t next_ms;           /* when dhcp_client_timeout is due */
    struct dhcp_message lease; /* the acknowledgement; type 0: none */

    uint32_t transaction;
    unsigned attempt;
    bool has_declined; /* since it was last bound */
    int64_t began_ms;  /* this exchange */
    int64_t bound_ms;  /* the request that the lease was granted for */
    uint32_t offered, server;
};

struct dhcp_action {
    enum dhcp_event event;
    bool send;
    bool to_server; /* to client.server only; else to all */
    struct dhcp_message message;
    uint32_t probe;    /* ask on the link who has this address; 0: nothing */
    uint32_t announce; /* tell on the link that it is ours; 0: nothing */
};

/* Begin; or begin again, as on what may be another network: a lease there is stays until another takes its
 * place or its time is over, and its address is what is asked for first. */
void dhcp_client_start(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out);
/* The time `next_ms` has come (nothing happens before it). */
void dhcp_client_timeout(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out);
/* A message came in; what is not for this client, or not expected, is passed over. */
void dhcp_client_receive(struct dhcp_client *c, const struct dhcp_message *m, int64_t now_ms,
                         struct dhcp_action *out);
/* While `state` is DHCP_STATE_CHECKING: another host has the address. */
void dhcp_client_conflict(struct dhcp_client *c, int64_t now_ms, struct dhcp_action *out);
/* Give the lease back; it may not be used any longer. */
void dhcp_client_release(struct dhcp_client *c, struct dhcp_action *out);

#endif
