/*
 * The interfaces that lxc-device has moved into a running container. The kernel destroys virtual ones with
 * the container's network namespace; the monitor gives them back before that, by a record beside the
 * container's configuration: a line "INDEX NAME" for each, its index in the container and its name on the
 * host.
 */
#ifndef LXCBOX_CORE_LINKS_MOVED_H
#define LXCBOX_CORE_LINKS_MOVED_H

#include "core/config/container.h"

#define MOVED_LINKS "lxcbox.links"

/* Record one. 0 or a negative errno; -ENOENT where the container has no directory. */
int moved_links_add(const struct container *c, int index, const char *host_name);

/* Forget one that is back; nothing where it is not recorded. 0 or a negative errno. */
int moved_links_remove(const struct container *c, int index);

/*
 * Move all back from the container's network namespace to ours, under their old names, and forget them. One
 * whose name is taken comes back under another. 0 or the first failure.
 */
int moved_links_return(const struct container *c, int netns, struct error *err);

#endif
