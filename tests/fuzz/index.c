/* An image server's index: what is listed has names that are safe in a path. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/index/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct index_reader r;

    memset(&r, 0, sizeof(r));
    if (index_feed(&r, data, size / 2) == 0 && index_feed(&r, data + size / 2, size - size / 2) == 0)
        index_end(&r);
    for (size_t i = 0; i < r.list.count; i++) {
        const struct image_entry *e = &r.list.items[i];

        if (!image_name_is_safe(e->dist) || !image_name_is_safe(e->build) || strchr(e->variant, '/') ||
            !*e->path)
            abort();
    }
    index_reader_free(&r);
    return 0;
}
