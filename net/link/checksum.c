#include "net/link/checksum.h"

#include "core/base/bytes.h"

uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t size)
{
    for (; size > 1; bytes += 2, size -= 2)
        sum += read_be16(bytes);
    return size ? sum + ((uint32_t)bytes[0] << 8) : sum;
}

uint16_t checksum_fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}
