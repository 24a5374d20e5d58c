/*
 * An image from a server, in one pass: network -> cache file and SHA-256 -> decompressor -> tar -> disk.
 */
#ifndef LXCBOX_FETCH_INDEX_DOWNLOAD_H
#define LXCBOX_FETCH_INDEX_DOWNLOAD_H

#include "fetch/index/cache.h"
#include "fetch/index/catalog.h"

/*
 * Fetch the metadata, then the rootfs into rootfs_fd, and make both the cached image. `cache` is locked. The
 * excludes of the metadata are set in `options`. Fills the texts, checks and counts of `out`. A download that
 * the network has interrupted is kept for the next call to resume; after any other failure nothing is kept in
 * the cache.
 */
int download_image(struct catalog *c, const struct image_entry *entry, const struct image_sums *sums,
                   struct cache *cache, struct unpack_options options, int rootfs_fd,
                   struct image_metadata *out, struct error *err);

/* Check that the metadata has a config for the mode. */
int download_require_config(const struct image_metadata *meta, const char *whose, struct error *err);

#endif
