/*
 * Exporting a container to an archive in the layout of an image server: a tar archive with
 * meta/1.0/index-system and index-user, and images/DIST/RELEASE/ARCH/VARIANT/BUILD/ with meta.tar.xz and
 * rootfs.tar.xz. Unpacked below the root of a web server, it is an image for the template "download" of
 * lxcbox and LXC. The xz files are not compressed (core/storage/xz_store.h).
 */
#ifndef LXCBOX_CORE_STORAGE_EXPORT_H
#define LXCBOX_CORE_STORAGE_EXPORT_H

#include <stdbool.h>

#include "core/base/str.h"
#include "core/config/container.h"

struct export_name {
    const char *dist, *release, *arch, *variant; /* each the name of a directory */
};

/*
 * Write the archive of a stopped container to a new file, in the format of its suffix
 * (core/storage/compress.h). The file appears when it is complete. The configuration in it omits name, rootfs
 * and id maps, and without `network` the networks. Returns 0, or a negative errno with `err` filled; -EEXIST
 * if the file exists.
 */
int container_export(const struct container *c, const struct export_name *name, bool network,
                     const char *file, struct error *err);

#endif
