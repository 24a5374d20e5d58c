/*
 * An archive with an image in the format of a server: .../meta.tar.xz and .../rootfs.tar.xz, in this order,
 * in a tar archive (plain or compressed). It is as untrusted as data from a server.
 */
#ifndef LXCBOX_FETCH_INDEX_BUNDLE_H
#define LXCBOX_FETCH_INDEX_BUNDLE_H

#include "fetch/index/image.h"

/*
 * Unpack the archive open at `fd` into the empty directory rootfs_fd, in one pass, and return its metadata
 * (as image_unpack_local; NULL without a config). `what` is its name in errors. 0 or a negative errno with
 * `err` filled: -ENOENT if it has no rootfs, -EINVAL if it has two.
 */
int bundle_unpack(int fd, const char *what, const char *mode, const struct unpack_options *unpack,
                  int rootfs_fd, struct image_metadata *out, struct error *err);

#endif
