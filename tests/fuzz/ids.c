/* /etc/subuid and /etc/subgid, and the id maps that are made of them. */
#include "tests/fuzz/files.h"

#include "core/config/idmap.h"
#include "core/namespace/idmap_write.h"
#include "core/namespace/unshare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"/etc/subuid", "/etc/subgid"};

static void ranges_examine(const struct id_ranges *ids)
{
    const struct config c = {.idmaps = (struct config_idmap *)ids->items, .idmap_count = ids->count};
    struct strbuf text = STRBUF_INIT;
    uint32_t outside, again;

    if (ids->count > ID_RANGES_MAX)
        abort();
    if (idmap_check(&c, NULL) == 0)
        for (size_t i = 0; i < ids->count; i++) {
            const struct config_idmap *m = &ids->items[i];

            if (m->count == 0 || m->host_id > UINT32_MAX - m->count ||
                m->container_id > UINT32_MAX - m->count)
                abort();
            if (idmap_to_host(&c, m->is_gid, m->container_id, &outside) < 0 || outside != m->host_id ||
                idmap_to_container(&c, m->is_gid, outside, &again) < 0 || again != m->container_id)
                abort();
        }
    (void)idmap_text(&c, false, &text);
    (void)idmap_text(&c, true, &text);
    strbuf_free(&text);
}

static void lines_examine(const uint8_t *data, size_t size)
{
    struct id_ranges ids = {.count = 0};
    char *text = strndup((const char *)data, size);
    uint32_t start, count, number = 0;

    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        if (id_ranges_find(line, "root", 0, &start, &count) == 0) {
            if (count == 0 || start > UINT32_MAX - count)
                abort();
            (void)id_ranges_add(&ids, number % 2, start, start, count);
            (void)id_ranges_set(&ids, number % 2, start + count / 2, number);
            number++;
        }
    ranges_examine(&ids);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t start, count;

    files_set(paths, sizeof(paths) / sizeof(*paths), data, size);
    for (int is_gid = 0; is_gid < 2; is_gid++)
        if (idmap_own_range(is_gid, &start, &count, NULL) == 0 && (count == 0 || start > UINT32_MAX - count))
            abort();
    lines_examine(data, size);
    return 0;
}
