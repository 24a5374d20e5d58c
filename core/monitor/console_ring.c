#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/monitor/console.h"

/* Copy `length` bytes from `position` on out of the ring; the end of the ring continues at its beginning. */
static void ring_copy(const struct console_ring *ring, size_t position, char *out, size_t length)
{
    size_t at = position & (ring->size - 1), first = ring->size - at;

    if (first > length)
        first = length;
    memcpy(out, ring->bytes + at, first);
    memcpy(out + first, ring->bytes, length - first);
}

int console_ring_read(const struct console_ring *ring, size_t max, char **data, size_t *length)
{
    size_t wanted = max && max < ring->length ? max : ring->length;

    if (!ring->bytes)
        return -EFAULT;
    if (!wanted)
        return -ENODATA;
    *data = malloc(wanted);
    if (!*data)
        return -ENOMEM;
    ring_copy(ring, ring->start, *data, wanted);
    *length = wanted;
    return 0;
}

void console_ring_drop(struct console_ring *ring, size_t length)
{
    ring->start = (ring->start + length) & (ring->size - 1);
    ring->length -= length;
}

void console_ring_clear(struct console_ring *ring)
{
    ring->start = ring->length = 0;
}

void console_ring_write(struct console_ring *ring, const char *bytes, size_t length)
{
    if (!ring->bytes)
        return;
    if (length > ring->size) {
        bytes += length - ring->size;
        length = ring->size;
    }
    size_t at = (ring->start + ring->length) & (ring->size - 1), first = ring->size - at;

    if (first > length)
        first = length;
    memcpy(ring->bytes + at, bytes, first);
    memcpy(ring->bytes, bytes + first, length - first);
    ring->length += length;
    if (ring->length > ring->size) {
        ring->start = (ring->start + ring->length - ring->size) & (ring->size - 1);
        ring->length = ring->size;
    }
}
