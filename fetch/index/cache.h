/*
 * Images kept for the next container, in LXC's layout: download/DIST/RELEASE/ARCH/VARIANT/ holds
 * rootfs.tar.xz, the metadata files and build_id. What is on its way lies beside it, in .VARIANT.partial/,
 * and becomes VARIANT by one rename. .VARIANT.lock is locked by who writes. Readers need no lock: what they
 * have opened stays whole when it is replaced.
 */
#ifndef LXCBOX_FETCH_CACHE_H
#define LXCBOX_FETCH_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "fetch/index/image.h"
#include "fetch/index/metadata.h"

struct cache {
    char *path;    /* of the image's folder, for people */
    char *variant; /* its name in `parent` */
    int parent;    /* the ARCH directory; -1: it does not exist */
    int lock;      /* -1: not locked */
};

#define cleanup_cache __attribute__((cleanup(cache_close)))
/*
 * `folder` is image_request's `cache`. Makes nothing: that is cache_make(). Closing unlocks. -EINVAL for a
 * name that cannot be a directory's.
 */
int cache_open(const char *folder, const struct image_name *name, struct cache *out, struct error *err);
void cache_close(struct cache *c);

/* Make the directories down to ARCH where they do not exist: once the server is known to have the image, so
 * that a misspelt name leaves nothing. Before cache_lock(). */
int cache_make(struct cache *c, struct error *err);

/* Lock against other writers, waiting for one that is at work; `events` are told of that. */
int cache_lock(struct cache *c, const struct image_events *events, struct error *err);

/* A whole image of the cache. */
struct cached_image {
    int rootfs; /* its rootfs.tar.xz, open for reading */
    char *build;
    char *origin; /* the URL that it came from; NULL: LXC's own, which does not say */
    struct meta_files files;
};

#define cleanup_cached_image __attribute__((cleanup(cached_image_close)))
void cached_image_close(struct cached_image *image);

/* 1 with *out filled, 0 where there is no (whole) image, or a negative errno. */
int cache_read(const struct cache *c, struct cached_image *out, struct error *err);

/* Whether the image's expiry has passed; one without is valid for good. */
bool cached_image_expired(const struct cached_image *image, const char *mode, int64_t now);

/* Remove the image and what is on its way. Needs the lock, as all below. */
int cache_flush(struct cache *c, struct error *err);

/* A download on its way. */
struct partial {
    int dir, rootfs; /* .VARIANT.partial and its rootfs.tar.xz, read and write, at its beginning */
    uint64_t have;   /* bytes of rootfs.tar.xz that are there */
    char *validator; /* of http_file when they came; NULL: unknown */
};

#define cleanup_partial __attribute__((cleanup(partial_close)))
void partial_close(struct partial *p);

/* Begin a download of `url`, or go on with one of the same URL that was broken off. */
int cache_begin(const struct cache *c, const char *url, struct partial *out, struct error *err);

/* Note the validator for a later call that goes on. */
int cache_note(const struct cache *c, const struct partial *p, const char *url, const char *validator,
               struct error *err);

/* All is there: make it the image. */
int cache_commit(struct cache *c, const struct partial *p, const struct meta_files *files, const char *build,
                 struct error *err);

/* What came is of no use. */
void cache_discard(const struct cache *c);

/* "cannot DOING the image cache PATH: ..." with what to do about full disks and missing rights. */
int cache_error(struct error *err, int code, const char *doing, const char *path);

#endif
