/*
 * One archive that holds an image as a server has it: .../meta.tar.xz and .../rootfs.tar.xz, in this order,
 * in a tar archive (plain or compressed). As hostile as what comes from a server.
 */
#ifndef LXCBOX_FETCH_BUNDLE_H
#define LXCBOX_FETCH_BUNDLE_H

#include "fetch/index/image.h"

/*
 * Fill the empty directory rootfs_fd from the archive that `fd` is open at, in one pass, and give out its
 * metadata (image_unpack_local's; without a config it is NULL). `what` names it in errors. 0 or a negative
 * errno with `err` filled: -ENOENT where there is no rootfs in it, -EINVAL where there are two.
 */
int bundle_unpack(int fd, const char *what, const char *mode, const struct unpack_options *unpack,
                  int rootfs_fd, struct image_metadata *out, struct error *err);

#endif
