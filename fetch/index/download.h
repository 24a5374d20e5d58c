/*
 * An image from a server, in one pass: network -> cache file and SHA-256 -> decompressor -> tar -> disk.
 */
#ifndef LXCBOX_FETCH_DOWNLOAD_H
#define LXCBOX_FETCH_DOWNLOAD_H

#include "fetch/index/cache.h"
#include "fetch/index/catalog.h"

/*
 * Fetch the metadata, then the rootfs into rootfs_fd, and make both the cached image. `cache` is locked.
 * `options` gets the metadata's excludes. Fills the texts, checks and counts of `out`. A download that the
 * network broke off stays for the next call to go on with; of any other failure the cache keeps nothing.
 */
int download_image(struct catalog *c, const struct image_entry *entry, const struct image_sums *sums,
                   struct cache *cache, struct unpack_options options, int rootfs_fd,
                   struct image_metadata *out, struct error *err);

/* The metadata has a config for the mode; else a sentence that says where it should come from. */
int download_require_config(const struct image_metadata *meta, const char *whose, struct error *err);

#endif
