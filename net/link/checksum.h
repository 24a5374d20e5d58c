/* The Internet checksum of RFC 1071: one's complement of the one's complement sum of 16-bit words. */
#ifndef LXCBOX_NET_LINK_CHECKSUM_H
#define LXCBOX_NET_LINK_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Add `size` bytes to a sum, initially 0; an odd last byte counts as the high half of a word. */
uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t size);

/* The checksum for a sum, in host byte order. */
uint16_t checksum_fold(uint32_t sum);

#endif
