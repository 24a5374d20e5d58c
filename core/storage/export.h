/*
 * A container as one archive in the layout of an image server: a tar archive with meta/1.0/index-system and
 * index-user, and images/DIST/RELEASE/ARCH/VARIANT/BUILD/ with meta.tar.xz and rootfs.tar.xz. Unpacked
 * beneath a web server's root it is an image for the template "download", lxcbox's and LXC's. The xz is not
 * compressed (core/storage/xz_store.h).
 */
#ifndef LXCBOX_CORE_STORAGE_EXPORT_H
#define LXCBOX_CORE_STORAGE_EXPORT_H

#include <stdbool.h>

#include "core/base/str.h"
#include "core/config/container.h"

struct export_name {
    const char *dist, *release, *arch, *variant; /* each a name of a folder */
};

/*
 * Write the archive of a container that does not run into a new file, in the format that its suffix names
 * (core/storage/compress.h); it appears when it is complete. What is the container's own (name, rootfs, id
 * maps, without `network` its networks) is left out of its configuration. 0 or a negative errno with `err`
 * filled; -EEXIST.
 */
int container_export(const struct container *c, const struct export_name *name, bool network,
                     const char *file, struct error *err);

#endif
