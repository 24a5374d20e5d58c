/*
 * Unpacked images that containers share, for lxc-create -B overlay. LXCPATH/.images/KEY/rootfs is the tree of
 * an image; KEY is the digest of its chain of layers, with the id maps. lxc-ls lists no name with a dot, and
 * the directories belong to root. Each container has an overlay on the tree; it is recorded as one that
 * depends on "the container KEY of LXCPATH/.images": core/storage/dependents.h. So lxc-copy, lxc-snapshot and
 * lxc-destroy keep the records.
 *
 * .images/lock is locked shared while a container is recorded, and exclusively while trees are removed.
 */
#ifndef LXCBOX_CORE_STORAGE_IMAGE_STORE_H
#define LXCBOX_CORE_STORAGE_IMAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"

struct create_place; /* core/storage/create.h */

/* Unpacks the image into an empty directory. Runs in a child process. */
typedef int image_store_fill(void *context, int rootfs_fd, struct error *err);

/*
 * Give a container that is being created (create_options.storage is "overlay") an overlay on the image with
 * this digest of its layers, in hexadecimal. Only the first container of an image runs `fill`; others wait
 * for it. Sets place->rootfs_fd to the mounted overlay, and lxc.rootfs.path. Returns 0, or a negative errno
 * with `err` filled.
 */
int image_store_attach(struct create_place *place, const char *digits, image_store_fill *fill, void *context,
                       struct error *err);

struct stored_image {
    char *key;
    uint64_t size_bytes;           /* on disk */
    int64_t made;                  /* seconds since 1970 */
    struct string_list containers; /* the names of those that depend on it, also snapshots */
};

struct stored_images {
    struct stored_image *items;
    size_t count;
};

#define cleanup_stored_images __attribute__((cleanup(stored_images_free)))
void stored_images_free(struct stored_images *list);

/* List the trees below lxcpath; none if nothing was ever shared there. 0 or a negative errno with `err`
 * filled. */
int image_store_list(const char *lxcpath, struct stored_images *out, struct error *err);

/*
 * Remove the trees that no container depends on, and the rest of interrupted creations. `before`: only those
 * that were made at this time or earlier, in seconds since 1970. `removed` is called for each. Returns 0, or
 * a negative errno with `err` filled.
 */
int image_store_prune(const char *lxcpath, int64_t before,
                      void (*removed)(void *context, const struct stored_image *image), void *context,
                      struct error *err);

#endif
