/* The images in the cache of downloads, and removing them. Its layout: fetch/index/cache.h. */
#ifndef LXCBOX_FETCH_INDEX_CACHE_LIST_H
#define LXCBOX_FETCH_INDEX_CACHE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "fetch/index/image.h"

/* Owned. An interrupted download and an image of the same name are two entries. */
struct cache_entry {
    char *dist, *release, *arch, *variant;
    char *build;         /* "20260101_05:24"; NULL: an interrupted download */
    uint64_t size_bytes; /* of all its files */
    int64_t fetched;     /* seconds since 1970 */
    bool expired;        /* a create downloads it anew */
};

struct cache_entries {
    struct cache_entry *items;
    size_t count;
};

#define cleanup_cache_entries __attribute__((cleanup(cache_entries_free)))
void cache_entries_free(struct cache_entries *list);

/*
 * List the cache; `directory` is `cache` of image_request. A cache that does not exist has no entries, and
 * files that are not of its layout are ignored. Returns 0 or a negative errno with `err` filled.
 */
int cache_list(const char *directory, struct cache_entries *out, struct error *err);

/*
 * Remove what cache_list() reported: of an image its interrupted download, too. A download by another process
 * is waited for, which is reported to `events`. Containers that are being created from the image are not
 * disturbed.
 */
int cache_remove(const char *directory, const struct cache_entry *entry, const struct image_events *events,
                 struct error *err);

#endif
