/*
 * The image cache, in the layout of LXC: download/DIST/RELEASE/ARCH/VARIANT/ contains rootfs.tar.xz, the
 * metadata files and build_id. A download is beside it, in .VARIANT.partial/, and becomes VARIANT by one
 * rename. A writer locks .VARIANT.lock. Readers need no lock: an image that they have opened stays complete
 * when it is replaced.
 */
#ifndef LXCBOX_FETCH_INDEX_CACHE_H
#define LXCBOX_FETCH_INDEX_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "fetch/index/image.h"
#include "fetch/index/metadata.h"

struct cache {
    char *path;    /* of the directory of the image, for messages */
    char *variant; /* its name in `parent` */
    int parent;    /* the ARCH directory; -1: it does not exist */
    int lock;      /* -1: not locked */
};

/* The cache by the rules of `cache` in image_request: `directory` if it is not NULL. To be freed; NULL: out
 * of memory. */
char *cache_directory(const char *directory);

#define cleanup_cache __attribute__((cleanup(cache_close)))
/*
 * `directory` is `cache` of image_request. Creates nothing; see cache_make(). Closing the cache unlocks it.
 * -EINVAL for a name that cannot be the name of a directory.
 */
int cache_open(const char *directory, const struct image_name *name, struct cache *out, struct error *err);
void cache_close(struct cache *c);

/* Create the directories down to ARCH if they do not exist. Call it before cache_lock(), and only after the
 * server has reported the image, so that a misspelt name leaves no directories. */
int cache_make(struct cache *c, struct error *err);

/* Lock against other writers. Waiting for another writer is reported to `events`. */
int cache_lock(struct cache *c, const struct image_events *events, struct error *err);

/* A complete image in the cache. */
struct cached_image {
    int rootfs; /* its rootfs.tar.xz, open for reading */
    char *build;
    char *origin; /* the URL that it came from; NULL: unknown, cached by LXC */
    struct meta_files files;
};

#define cleanup_cached_image __attribute__((cleanup(cached_image_close)))
void cached_image_close(struct cached_image *image);

/* Returns 1 with *out filled, 0 if there is no (complete) image, or a negative errno. */
int cache_read(const struct cache *c, struct cached_image *out, struct error *err);

/* Whether the image has expired; an image without an expiry never does. */
bool cached_image_expired(const struct cached_image *image, const char *mode, int64_t now);

/* Remove the image and a partial download. Needs the lock, as all functions below. */
int cache_flush(struct cache *c, struct error *err);

/* A download in progress. */
struct partial {
    int dir, rootfs; /* .VARIANT.partial and its rootfs.tar.xz, read and write, at its beginning */
    uint64_t have;   /* existing bytes of rootfs.tar.xz */
    char *validator; /* of http_file at that time; NULL: unknown */
};

#define cleanup_partial __attribute__((cleanup(partial_close)))
void partial_close(struct partial *p);

/* Start a download of `url`, or resume an interrupted one of the same URL. */
int cache_begin(const struct cache *c, const char *url, struct partial *out, struct error *err);

/* Store the validator for a later call that resumes. */
int cache_note(const struct cache *c, const struct partial *p, const char *url, const char *validator,
               struct error *err);

/* Make the complete download the image. */
int cache_commit(struct cache *c, const struct partial *p, const struct meta_files *files, const char *build,
                 struct error *err);

/* Discard the download. */
void cache_discard(const struct cache *c);

/* "cannot DOING the image cache PATH: ..." with a remedy for full disks and missing permissions. */
int cache_error(struct error *err, int code, const char *doing, const char *path);

#endif
