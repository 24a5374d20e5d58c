/*
 * Stateless DHCPv6: DNS server and domain for hosts that configure their own addresses. Source: RFC 8415,
 * 6.1, 16.12, 18.3.6; RFC 3646 (DNS options).
 */
#ifndef LXCBOX_NET_DHCP_DHCPV6_H
#define LXCBOX_NET_DHCP_DHCPV6_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define DHCPV6_SERVER_PORT 547
#define DHCPV6_CLIENT_PORT 546
#define DHCPV6_REPLY_MAX   512

struct dhcpv6 {
    uint8_t hardware[6]; /* identifies this server: its DUID-LL */
    struct in6_addr dns;
    const char *domain; /* "": none */
};

/* Answer a message. Returns the size of the reply; 0 if there is none (the message is not an information
 * request for this server). */
size_t dhcpv6_answer(const struct dhcpv6 *s, const uint8_t *request, size_t length,
                     uint8_t reply[DHCPV6_REPLY_MAX]);

/* Open a non-blocking socket on a link that receives the messages of clients to all servers. An fd or a
 * negative errno. */
int dhcpv6_open(int index, const char *link, struct error *err);

/* Receive one message and answer it. 0, or -EAGAIN when there is none. */
int dhcpv6_serve(int fd, const struct dhcpv6 *s);

#endif
