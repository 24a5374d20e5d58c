/* The ids of a user namespace in the arguments of unshare. */
#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/namespace/unshare.h"

int id_ranges_add(struct id_ranges *ranges, bool is_gid, uint32_t inside, uint32_t outside, uint32_t count)
{
    if (count == 0)
        return 0;
    if (ranges->count == ID_RANGES_MAX)
        return -E2BIG;
    ranges->items[ranges->count++] = (struct config_idmap){is_gid, inside, outside, count};
    return 0;
}

/* Remove the id at `offset` from a range; the parts before and after it are kept. */
static int id_ranges_split(struct id_ranges *ranges, size_t index, uint32_t offset)
{
    struct config_idmap *range = &ranges->items[index];
    struct config_idmap whole = *range;
    uint32_t after = whole.count - offset - 1;

    range->count = offset;
    if (offset == 0)
        *range = ranges->items[--ranges->count];
    return id_ranges_add(ranges, whole.is_gid, whole.container_id + offset + 1, whole.host_id + offset + 1,
                         after);
}

static bool id_range_has(uint32_t start, uint32_t count, uint32_t id)
{
    return id >= start && id - start < count;
}

int id_ranges_set(struct id_ranges *ranges, bool is_gid, uint32_t inside, uint32_t outside)
{
    for (size_t i = 0; i < ranges->count;) {
        const struct config_idmap *range = &ranges->items[i];
        bool within = id_range_has(range->container_id, range->count, inside);

        if (range->is_gid != is_gid || (!within && !id_range_has(range->host_id, range->count, outside))) {
            i++;
            continue;
        }
        if (id_ranges_split(ranges, i, within ? inside - range->container_id : outside - range->host_id) < 0)
            return -E2BIG;
    }
    return id_ranges_add(ranges, is_gid, inside, outside, 1);
}

int id_ranges_find(const char *text, const char *name, uid_t uid, uint32_t *start, uint32_t *count)
{
    cleanup_free char *copy = strdup(text);

    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
        char *user = strsep(&line, ":"), *first = strsep(&line, ":");
        uint64_t number, size;

        if (!first || !line || parse_uint64(first, 10, UINT32_MAX - 1, &number) < 0 ||
            parse_uint64(line, 10, UINT32_MAX - number, &size) < 0 || size == 0)
            continue;
        *start = (uint32_t)number;
        *count = (uint32_t)size;
        if ((name && strcmp(user, name) == 0) ||
            (parse_uint64(user, 10, UINT32_MAX, &number) == 0 && number == uid))
            return 0;
    }
    return -ENOENT;
}
