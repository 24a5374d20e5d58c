/* The ids of a user namespace as people give them to unshare. */
#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/namespace/unshare.h"

int id_ranges_add(struct id_ranges *r, bool is_gid, uint32_t inside, uint32_t outside, uint32_t count)
{
    if (count == 0)
        return 0;
    if (r->count == ID_RANGES_MAX)
        return -E2BIG;
    r->items[r->count++] = (struct config_idmap){is_gid, inside, outside, count};
    return 0;
}

/* Leave out the id at `offset` of a range: what is before it and what is after it stay. */
static int split(struct id_ranges *r, size_t index, uint32_t offset)
{
    struct config_idmap *range = &r->items[index];
    struct config_idmap whole = *range;
    uint32_t after = whole.count - offset - 1;

    range->count = offset;
    if (offset == 0)
        *range = r->items[--r->count];
    return id_ranges_add(r, whole.is_gid, whole.container_id + offset + 1, whole.host_id + offset + 1, after);
}

static bool holds(uint32_t start, uint32_t count, uint32_t id)
{
    return id >= start && id - start < count;
}

int id_ranges_set(struct id_ranges *r, bool is_gid, uint32_t inside, uint32_t outside)
{
    for (size_t i = 0; i < r->count;) {
        const struct config_idmap *range = &r->items[i];
        bool within = holds(range->container_id, range->count, inside);

        if (range->is_gid != is_gid || (!within && !holds(range->host_id, range->count, outside))) {
            i++;
            continue;
        }
        if (split(r, i, within ? inside - range->container_id : outside - range->host_id) < 0)
            return -E2BIG;
    }
    return id_ranges_add(r, is_gid, inside, outside, 1);
}

int id_ranges_find(const char *text, const char *name, uid_t uid, uint32_t *start, uint32_t *count)
{
    cleanup_free char *copy = strdup(text);

    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
        char *who = strsep(&line, ":"), *first = strsep(&line, ":");
        uint64_t number, size;

        if (!first || !line || parse_uint64(first, 10, UINT32_MAX - 1, &number) < 0 ||
            parse_uint64(line, 10, UINT32_MAX - number, &size) < 0 || size == 0)
            continue;
        *start = (uint32_t)number;
        *count = (uint32_t)size;
        if ((name && strcmp(who, name) == 0) ||
            (parse_uint64(who, 10, UINT32_MAX, &number) == 0 && number == uid))
            return 0;
    }
    return -ENOENT;
}
