/*
 * Adding a device to a running container, or removing it: a device node with permission to use the device, or
 * a network interface. Source: lxc-device(1).
 */
#ifndef LXCBOX_CORE_RUN_DEVICE_H
#define LXCBOX_CORE_RUN_DEVICE_H

#include <stdbool.h>

#include "core/config/container.h"

/*
 * Make the device node `path` inside, a copy of the host's device file `source`, and permit its use (`add`),
 * or remove the node and deny its use. An existing device node at `path` is replaced; any other file is kept
 * and -EEXIST returned. 0, -ENOTCONN when the container is not running, or another negative errno.
 */
int container_device_node(const struct container *c, const char *source, const char *path, bool add,
                          struct error *err);

/* Does a network interface of this name exist on the host, or (`inside`) in the container? 1, 0, or a
 * negative errno. */
int container_has_link(const struct container *c, const char *name, bool inside, struct error *err);

/* Move a network interface from the host into the container (`add`), or from the container to the host, and
 * rename it to `new_name`. */
int container_device_link(const struct container *c, const char *name, const char *new_name, bool add,
                          struct error *err);

/* Write a file of the container's cgroups, such as "memory.max". "devices.allow" and "devices.deny" are
 * accepted on cgroup v2 too, which has no such files. */
int container_set_cgroup(const struct container *c, const char *file, const char *value, struct error *err);

/* Read a file of the container's cgroups. The caller frees *value. */
int container_get_cgroup(const struct container *c, const char *file, char **value, struct error *err);

#endif
