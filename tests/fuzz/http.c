/* The head of a response, and after it a body in chunks, cut in the middle. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/http/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Payload bytes of the whole stream, given in two pieces. */
static uint64_t decode(const char *bytes, size_t size, size_t cut)
{
    struct http_chunks c = {0};
    uint64_t sum = 0;
    int result = 0;

    for (size_t at = 0; at < size && result == 0;) {
        size_t end = at < cut ? cut : size, used, payload;

        result = http_chunks_next(&c, bytes + at, end - at, &used, &payload);
        if (payload > used || used > end - at || (used == 0 && result == 0))
            abort();
        for (size_t i = at + used - payload; i < at + used; i++)
            sum = sum * 31 + (unsigned char)bytes[i];
        at += used;
    }
    return result < 0 ? UINT64_MAX : sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    size_t head = http_head_length(bytes, size);
    struct http_head h = {0};

    if (head > size)
        abort();
    if (http_head_parse(bytes, head ? head : size, &h, NULL) == 0) {
        if (h.status < 0 || h.status > 999 || (h.chunked && h.length != HTTP_LENGTH_UNKNOWN))
            abort();
        http_head_free(&h);
    }
    bytes += head;
    size -= head;
    if (decode(bytes, size, 0) != decode(bytes, size, size / 2))
        abort();
    return 0;
}
