/*
 * Removing containers. Source: lxc-destroy(1).
 */
#ifndef LXCBOX_CORE_STORAGE_DESTROY_H
#define LXCBOX_CORE_STORAGE_DESTROY_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/container.h"

/*
 * Destroy a stopped container and its rootfs, also if that is outside its directory, unless
 * lxc.rootfs.managed = 0. Its destroy hooks run first. With `snapshots`, its snapshots and the copies that
 * depend on it are destroyed, too; otherwise a container with any is refused. Returns 0, or a negative errno
 * with `err` filled: -ENOENT, -EBUSY (it is running, or others depend on it).
 */
int container_destroy(const struct container *c, bool snapshots, struct error *err);

/* For start_options.remove: destroy a container with lxc.ephemeral = 1 after it has stopped. */
int container_remove_ephemeral(const struct container *c, struct error *err);

#endif
