/*
 * ARP for IPv4 on Ethernet: checking that an address is unused before it is configured, RFC 826 and RFC 5227.
 * Addresses are in host byte order.
 */
#ifndef LXCBOX_NET_LINK_ARP_H
#define LXCBOX_NET_LINK_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARP_SIZE 28 /* bytes */

/* A non-blocking packet socket for ARP on a link of a network namespace (its fd, -1: the caller's own). An fd
 * or a negative errno. */
int arp_open(int netns, int index);

/*
 * Broadcast a request for `target`. With `sender` 0 it is a probe, which does not change the ARP caches of
 * other hosts. With `sender` equal to `target` it is an announcement of the new owner. 0 or a negative errno.
 */
int arp_send(int fd, int index, const uint8_t hardware[6], uint32_t sender, uint32_t target);

/* Whether a packet shows that a host other than `hardware` uses the address, or is about to use it: RFC 5227,
 * 2.1.1. */
bool arp_conflicts(const uint8_t *bytes, size_t length, const uint8_t hardware[6], uint32_t address);

#endif
