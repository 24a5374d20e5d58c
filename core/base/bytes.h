/* Numbers in the byte order of a file format or a network protocol, at any alignment. */
#ifndef LXCBOX_CORE_BASE_BYTES_H
#define LXCBOX_CORE_BASE_BYTES_H

#include <stdint.h>

static inline uint16_t read_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t read_be32(const uint8_t *p)
{
    return (uint32_t)read_be16(p) << 16 | read_be16(p + 2);
}

static inline void write_be16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void write_be32(uint8_t *p, uint32_t value)
{
    write_be16(p, (uint16_t)(value >> 16));
    write_be16(p + 2, (uint16_t)value);
}

static inline uint32_t read_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void write_le32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

#endif
