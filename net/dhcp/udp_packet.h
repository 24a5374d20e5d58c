/*
 * UDP over IPv4 by packet sockets, for addresses that are not configured (yet): RFC 768, RFC 791, packet(7).
 * Addresses and ports are in host byte order.
 */
#ifndef LXCBOX_NET_DHCP_UDP_PACKET_H
#define LXCBOX_NET_DHCP_UDP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UDP_HEADERS    28 /* bytes: IPv4 without options, UDP */
#define UDP_PACKET_MAX 1500

struct udp_packet {
    uint32_t source, destination;
    uint16_t source_port, destination_port;
    const uint8_t *payload;
    size_t size; /* bytes of the payload */
};

/* Headers and payload into `out`; the number of bytes, 0 where they do not fit. */
size_t udp_packet_build(const struct udp_packet *p, uint8_t out[UDP_PACKET_MAX]);

/* Read one that came in, from its IPv4 header on. The payload lies in `bytes`. false where it is none, is a
 * fragment, lies about a length, or (where `check`) its checksums are wrong. */
bool udp_packet_parse(const uint8_t *bytes, size_t length, bool check, struct udp_packet *out);

/*
 * A packet socket on a link of a network namespace (its fd, -1: the caller's own) that takes IPv4, without
 * link-layer headers, non-blocking; with `port` not 0 the kernel filters for UDP to that port, else nothing
 * is received. An fd or a negative errno.
 */
int udp_packet_open(int netns, int index, uint16_t port);

/* Send to a hardware address on the link. 0 or a negative errno. */
int udp_packet_send(int fd, int index, const uint8_t hardware[6], const struct udp_packet *p);

/* Receive one into `buffer`, of UDP_PACKET_MAX bytes. 1 where `out` is filled (and `hardware`, the sender's,
 * where not NULL), 0 for a packet that is none of ours, or a negative errno. */
int udp_packet_receive(int fd, uint8_t *buffer, struct udp_packet *out, uint8_t hardware[6]);

#endif
