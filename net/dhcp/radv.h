/*
 * IPv6 router advertisements for one link: the prefix that hosts make their addresses from, this router, the
 * DNS server and domain. Sources: RFC 4861, 4.2 and 6.2; RFC 8106 (RDNSS, DNSSL).
 */
#ifndef LXCBOX_NET_DHCP_RADV_H
#define LXCBOX_NET_DHCP_RADV_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define RADV_SIZE_MAX    512
#define RADV_INTERVAL_MS 200000 /* between unsolicited ones; RFC 4861, 6.2.1 */

struct radv {
    struct in6_addr prefix;
    uint8_t prefix_length; /* bits; hosts make addresses from 64 only */
    struct in6_addr dns;
    const char *domain; /* "" for none */
    uint8_t hardware[6];
    uint32_t mtu; /* bytes; 0: not said */
    bool ending;  /* the router goes away: lifetimes are 0 */
};

/* The message without its checksum, which the kernel fills in; its size. */
size_t radv_build(const struct radv *r, uint8_t out[RADV_SIZE_MAX]);

/* Whether it is a well-formed router solicitation. RFC 4861, 6.1.1, but for what the kernel has checked and
 * the hop limit, which radv_receive checks. */
bool radv_is_solicitation(const uint8_t *bytes, size_t length);

/* An ICMPv6 socket on a link that receives solicitations only, non-blocking; or a negative errno. */
int radv_open(int index, const char *link, struct error *err);

/* Take one message off the socket: 1 for a solicitation, 0 for anything else, -EAGAIN when there is none. */
int radv_receive(int fd);

/* Send one to all hosts. A link that is not up yet refuses, which is no harm: hosts solicit when they come.
 */
int radv_send(int fd, int index, const struct radv *r);

#endif
