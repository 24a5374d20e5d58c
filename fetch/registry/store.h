/*
 * Directories with the blobs of images by digest: an OCI image layout. The cache is one, CACHE/oci, so that
 * other tools can read it; a user may name others as the source of an image. Source: OCI image
 * specification 1.1, image-layout.md.
 *
 *     oci-layout               {"imageLayoutVersion": "1.0.0"}
 *     index.json               what the names stand for: the annotation org.opencontainers.image.ref.name
 *     blobs/sha256/DIGITS      manifests, configurations, layers
 *     partial/DIGITS           in the cache: a download that is not complete, locked (flock) by its process
 *     lock                     in the cache: shared while blobs are used, exclusive while they are pruned
 *
 * A blob of the cache was verified before it got its name.
 */
#ifndef LXCBOX_FETCH_REGISTRY_STORE_H
#define LXCBOX_FETCH_REGISTRY_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "fetch/index/image.h"
#include "fetch/registry/manifest.h"

struct store {
    char *path; /* for messages */
    int fd;
    int lock; /* -1: none is held */
};

#define cleanup_store __attribute__((cleanup(store_close)))

/* Open the cache below `cache` (see cache_directory), made if it does not exist, with a shared lock: no blob
 * that exists is pruned until it is closed. */
int store_open_cache(const char *cache, struct store *out, struct error *err);

/* Open a directory of the user's as a layout. -EINVAL if it is none. */
int store_open_layout(const char *path, struct store *out, struct error *err);

void store_close(struct store *s);

/* Open a lock file of the cache, and wait for its lock (flock(2)). Returns an fd, or a negative errno with
 * `err` filled. */
int store_lock_file(const struct store *s, const char *name, int operation, struct error *err);

/* Open a blob for reading. Returns an fd, or a negative errno: -ENOENT if the store lacks it. The length of a
 * regular file is *size. */
int store_open_blob(const struct store *s, const struct digest *digest, uint64_t *size);

/* Read a whole blob of at most `max` bytes and verify it. Returns 0 or a negative errno with `err` filled. */
int store_read(const struct store *s, const struct digest *digest, size_t max, struct strbuf *out,
               struct error *err);

/* Keep bytes whose digest is `digest`. */
int store_put(const struct store *s, const struct digest *digest, const void *bytes, size_t length,
              struct error *err);

/* A blob that is being downloaded. */
struct store_partial {
    int fd;        /* read and write, at its end; locked. Stays valid after it is committed. */
    uint64_t have; /* bytes of it that exist */
};

/*
 * Begin or resume a blob, waiting for another process that downloads it. Returns 1 with *out filled, 0 if the
 * store has the blob meanwhile, or a negative errno with `err` filled.
 */
int store_begin(const struct store *s, const struct digest *digest, struct store_partial *out,
                struct error *err);

/* Let other processes have the download; the fd stays open. To be called in any case after store_begin()
 * returned 1. */
void store_end(const struct store_partial *p);

/* Give the verified blob its name, on disk. The caller closes p->fd. */
int store_commit(const struct store *s, const struct digest *digest, const struct store_partial *p,
                 struct error *err);

/* Remove a download that cannot be resumed. */
void store_discard(const struct store *s, const struct digest *digest);

/*
 * Keep the bytes that `read` returns (their number, 0 at the end, or a negative errno with `err` filled), and
 * return their digest. *added is set if the store did not have the blob.
 */
typedef ssize_t store_source(void *context, const void **bytes, struct error *err);
int store_add(const struct store *s, store_source *read, void *context, struct descriptor *out, bool *added,
              struct error *err);

/* Remove blobs that are not to be kept. */
void store_remove(const struct store *s, const struct digest *digest);

/* What a name stands for. Times are seconds since 1970. */
struct store_image {
    char *name;                   /* NULL: a layout may have one image without a name */
    struct descriptor descriptor; /* of a manifest or an index */
    char *media_type;             /* NULL: not stated */
    int64_t pulled;               /* in the cache: when the registry said so last; else 0 */
};

struct store_images {
    struct store_image *items;
    size_t count;
};

#define cleanup_store_images __attribute__((cleanup(store_images_free)))
void store_images_free(struct store_images *list);

/* Read index.json; a cache that has none has no images. */
int store_images(const struct store *s, struct store_images *out, struct error *err);

/* The size of all blobs that an image has in the store, those of its documents included. */
int store_image_size(const struct store *s, const struct store_image *image, uint64_t *bytes,
                     struct error *err);

/* Let a name of the cache stand for a document that it has. The former meaning of the name is replaced. */
int store_set(const struct store *s, const struct store_image *image, struct error *err);

/*
 * Remove from the cache each name for which `keep` returns false, and then all blobs that no remaining name
 * leads to, and interrupted downloads. Waits until no other process uses the cache, which is reported to
 * `events`. *freed is in bytes.
 */
int store_prune(struct store *s, bool (*keep)(void *context, const struct store_image *image), void *context,
                const struct image_events *events, uint64_t *freed, struct error *err);

#endif
