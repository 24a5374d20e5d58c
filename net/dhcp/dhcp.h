/*
 * DHCPv4 messages: conversion between bytes and a struct, for server and client. Addresses are in host byte
 * order; 0: none. Sources: RFC 2131 (the message), RFC 2132 (options), RFC 3396 (options in parts), RFC 3442
 * (classless routes).
 */
#ifndef LXCBOX_NET_DHCP_DHCP_H
#define LXCBOX_NET_DHCP_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/dhcp/dhcp_option.h"

#define DHCP_SERVER_PORT    67
#define DHCP_CLIENT_PORT    68
#define DHCP_MESSAGE_MAX    576 /* bytes that every client accepts, with IP and UDP headers; RFC 2131, 2 */
#define DHCP_FLAG_BROADCAST 0x8000
#define DHCP_FOREVER        0xffffffffU /* seconds */

#define DHCP_ADDRESSES_MAX 4
#define DHCP_ROUTES_MAX    16
#define DHCP_NAME_SIZE     64 /* a DNS label and the NUL */
#define DHCP_DOMAIN_SIZE   254
#define DHCP_ID_MAX        136 /* bytes; 130 for a DUID, 4 for an IAID, and the type */

/* Option 53. */
enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
    DHCP_INFORM,
};

struct dhcp_route {
    uint32_t destination;
    uint8_t length;   /* bits */
    uint32_t gateway; /* 0: on the link itself */
};

struct dhcp_message {
    bool is_reply; /* from a server */
    enum dhcp_type type;
    uint32_t transaction;
    uint16_t seconds, flags;
    uint32_t client_address, your_address, next_server, relay;
    uint8_t hardware_type; /* 1: Ethernet */
    uint8_t hardware[16];
    uint8_t hardware_size; /* bytes, at most 16 */

    /* Options; 0 and "" if they are missing. */
    uint32_t requested, server, netmask, broadcast;
    uint32_t routers[DHCP_ADDRESSES_MAX], dns[DHCP_ADDRESSES_MAX];
    uint8_t router_count, dns_count;
    uint32_t lease_seconds, renew_seconds, rebind_seconds;
    uint16_t mtu;
    uint16_t max_size;              /* option 57 */
    char host_name[DHCP_NAME_SIZE]; /* only letters, digits, '-'; up to the first dot */
    char domain[DHCP_DOMAIN_SIZE];
    uint8_t id[DHCP_ID_MAX]; /* client identifier */
    uint8_t id_size;         /* also 0 if it is longer */
    struct dhcp_route routes[DHCP_ROUTES_MAX];
    uint8_t route_count;
    bool has_wanted;    /* when read: the client lists the options that it requests */
    uint8_t wanted[32]; /* a bit for each of them */
    /* When building: options that replace or extend the above; only requested ones are sent. */
    const struct dhcp_option *options;
    size_t option_count;
    bool asks; /* when building: a message of a client, with the parameter request list */
};

/* Parse a message. False if it is not a DHCP message of a type above, or is malformed. */
bool dhcp_parse(const uint8_t *bytes, size_t length, struct dhcp_message *out);

/* Write a message of at most DHCP_MESSAGE_MAX bytes minus 28 for the headers. Returns its size. */
size_t dhcp_build(const struct dhcp_message *m, uint8_t out[DHCP_MESSAGE_MAX]);

/* Copy the host name in `text`, in lower case and without its domain; "" if it is not a valid name. RFC 1123,
 * 2.1. */
void dhcp_host_name(const char *text, size_t length, char out[DHCP_NAME_SIZE]);

/* Whether `text` is labels of host names separated by dots, and so may be written into resolv.conf. */
bool dhcp_domain_valid(const char *text);

#endif
