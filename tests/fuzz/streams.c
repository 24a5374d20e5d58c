/* Simplestreams: a list of products, and the index of lists. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/index/streams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look(void *context, const struct streams_build *build)
{
    char *product = strdup(build->product);
    struct image_name name;

    (void)context;
    if ((*build->rootfs_sha256 && strlen(build->rootfs_sha256) != SHA256_HEX) ||
        (*build->meta_sha256 && strlen(build->meta_sha256) != SHA256_HEX))
        abort();
    if (product)
        streams_split_product(product, &name);
    free(product);
    if (!streams_same_path(build->directory, build->directory))
        abort();
    return 0;
}

static void feed(struct streams *s, const uint8_t *data, size_t size)
{
    struct error err = ERROR_INIT;

    if (!s)
        return;
    if (streams_feed(s, data, size / 2, &err) == 0 &&
        streams_feed(s, data + size / 2, size - size / 2, &err) == 0)
        streams_end(s, &err);
    else
        streams_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct string_list paths = {0};

    feed(streams_products(look, NULL), data, size);
    feed(streams_index(&paths), data, size);
    if (paths.count > 8)
        abort();
    string_list_clear(&paths);
    return 0;
}
