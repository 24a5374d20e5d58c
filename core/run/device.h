/*
 * Giving a running container a device, or taking it away: a device node with the right to use it, or a
 * network interface. Source: lxc-device(1).
 */
#ifndef LXCBOX_CORE_RUN_DEVICE_H
#define LXCBOX_CORE_RUN_DEVICE_H

#include <stdbool.h>

#include "core/config/container.h"

/*
 * Make the device node `path` inside, a copy of the host's device file `source`, and allow its use (`add`),
 * or remove the node and deny it. A node that is at `path` already is replaced, anything else there is left
 * and -EEXIST returned. 0, -ENOTCONN when the container is not running, or another negative errno.
 */
int container_device_node(const struct container *c, const char *source, const char *path, bool add,
                          struct error *err);

/* Is there a network interface of this name: on the host, or (`inside`) in the container? 1, 0, or a negative
 * errno. */
int container_has_link(const struct container *c, const char *name, bool inside, struct error *err);

/* Move a network interface from the host into the container (`add`), or out of it, and name it `new_name`. */
int container_device_link(const struct container *c, const char *name, const char *new_name, bool add,
                          struct error *err);

/* Set a file of the container's cgroups: "memory.max", "devices.allow" (which cgroup v2 has no file for). */
int container_set_cgroup(const struct container *c, const char *file, const char *value, struct error *err);

/* Read one. The caller frees *value. */
int container_get_cgroup(const struct container *c, const char *file, char **value, struct error *err);

#endif
