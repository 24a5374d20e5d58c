/*
 * Removing containers. Source: lxc-destroy(1).
 */
#ifndef LXCBOX_CORE_STORAGE_DESTROY_H
#define LXCBOX_CORE_STORAGE_DESTROY_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/container.h"

/*
 * Remove a container that does not run, with its rootfs, also where that lies outside its folder, unless
 * lxc.rootfs.managed = 0. Its destroy hooks run before. With `snapshots` its snapshots and the copies that
 * stand on it go with it; without, it is refused where there are any. 0 or a negative errno with `err`
 * filled: -ENOENT, -EBUSY (it runs, or others stand on it).
 */
int container_destroy(const struct container *c, bool snapshots, struct error *err);

/* The function for start_options.remove: the end of a container with lxc.ephemeral = 1. */
int container_remove_ephemeral(const struct container *c, struct error *err);

#endif
