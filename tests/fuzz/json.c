/* Any JSON document, as a tree that is walked and freed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/encoding/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t value_walk(const struct json_value *v, int depth)
{
    size_t count = 0, all = 1;

    if (depth > JSON_DEPTH_MAX)
        abort();
    json_for_each(item, v)
    {
        if ((item->name != NULL) != (v->type == JSON_OBJECT))
            abort();
        if (item->name && item->type != JSON_NULL && !json_get(v, item->name) &&
            !json_has_twice(v, item->name))
            abort();
        count++;
        all += value_walk(item, depth + 1);
    }
    if (count != v->count)
        abort();
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_json struct json_document *d = NULL;
    struct error err = ERROR_INIT;
    int r = json_read("it", data, size, &d, &err);

    if ((r == 0) != (d != NULL) || (r < 0 && err.code != r))
        abort();
    if (d && value_walk(json_root(d), 0) > JSON_VALUES_MAX)
        abort();
    return 0;
}
