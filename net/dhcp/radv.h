/*
 * IPv6 router advertisements for one link: the prefix for addresses of hosts, this router, the DNS server and
 * domain. Sources: RFC 4861, 4.2 and 6.2; RFC 8106 (RDNSS, DNSSL).
 */
#ifndef LXCBOX_NET_DHCP_RADV_H
#define LXCBOX_NET_DHCP_RADV_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define RADV_SIZE_MAX    512
#define RADV_INTERVAL_MS 200000 /* between unsolicited advertisements; RFC 4861, 6.2.1 */

struct radv {
    struct in6_addr prefix;
    uint8_t prefix_length; /* bits; hosts configure addresses only if it is 64 */
    struct in6_addr dns;
    const char *domain; /* "": none */
    uint8_t hardware[6];
    uint32_t mtu; /* bytes; 0: not sent */
    bool ending;  /* the router stops: lifetimes are 0 */
};

/* Write the message without its checksum, which the kernel fills in. Returns its size. */
size_t radv_build(const struct radv *radv, uint8_t out[RADV_SIZE_MAX]);

/* Whether it is a well-formed router solicitation: RFC 4861, 6.1.1, except for the checks of the kernel and
 * the hop limit, which radv_receive checks. */
bool radv_is_solicitation(const uint8_t *bytes, size_t length);

/* Open a non-blocking ICMPv6 socket on a link that receives solicitations only. An fd or a negative errno. */
int radv_open(int index, const char *link, struct error *err);

/* Receive one message. Returns 1 for a solicitation, 0 for any other message, -EAGAIN if there is none. */
int radv_receive(int fd);

/*
 * Send an advertisement to all hosts. Sending fails while the link is not up, which is harmless: hosts send
 * solicitations when they start.
 */
int radv_send(int fd, int index, const struct radv *radv);

#endif
