/*
 * UDP over IPv4 through packet sockets, for addresses that are not configured (yet): RFC 768, RFC 791,
 * packet(7). Addresses and ports are in host byte order.
 */
#ifndef LXCBOX_NET_DHCP_UDP_PACKET_H
#define LXCBOX_NET_DHCP_UDP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define UDP_HEADERS    28 /* bytes: IPv4 without options, UDP */
#define UDP_PACKET_MAX 1500

struct udp_packet {
    uint32_t source, destination;
    uint16_t source_port, destination_port;
    const uint8_t *payload;
    size_t size; /* bytes of the payload */
};

/* Write headers and payload to `out`. Returns the number of bytes, 0 if they do not fit. */
size_t udp_packet_build(const struct udp_packet *p, uint8_t out[UDP_PACKET_MAX]);

/* Parse a received packet that begins with its IPv4 header. The payload points into `bytes`. False if it is
 * not UDP, is a fragment, has a wrong length, or (with `check`) a wrong checksum. */
bool udp_packet_parse(const uint8_t *bytes, size_t length, bool check, struct udp_packet *out);

/*
 * A packet socket on a link of a network namespace (its fd, -1: the caller's own) for IPv4, without
 * link-layer headers, non-blocking. If `port` is not 0, it receives UDP packets to that port, else nothing.
 * An fd or a negative errno.
 */
int udp_packet_open(int netns, int index, uint16_t port);

/* Send to a hardware address on the link. 0 or a negative errno. */
int udp_packet_send(int fd, int index, const uint8_t hardware[6], const struct udp_packet *p);

/*
 * Receive a packet into `bytes`. Returns its size or a negative errno. `from`: of type struct sockaddr_ll;
 * *check: whether its checksum has been filled in. The caller skips those
 * that this host sends, of type PACKET_OUTGOING.
 */
struct sockaddr_ll;
ssize_t packet_receive(int fd, void *bytes, size_t size, struct sockaddr_ll *from, bool *check);

/* Receive a packet into `buffer`, of UDP_PACKET_MAX bytes. Returns 1 if `out` is filled (and `hardware` with
 * the address of the sender, if not NULL), 0 for any other packet, or a negative errno. */
int udp_packet_receive(int fd, uint8_t *buffer, struct udp_packet *out, uint8_t hardware[6]);

#endif
