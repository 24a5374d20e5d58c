/*
 * The interfaces that lxc-device has moved into a running container. The kernel destroys virtual ones with
 * the container's network namespace; the monitor moves them back before that, according to a record beside
 * the container's configuration: a line "INDEX NAME" for each, with its index in the container and its name
 * on the host.
 */
#ifndef LXCBOX_CORE_LINKS_MOVED_H
#define LXCBOX_CORE_LINKS_MOVED_H

#include "core/config/container.h"

#define MOVED_LINKS "lxcbox.links"

/* Record an interface. 0 or a negative errno; -ENOENT if the container has no directory. */
int moved_links_add(const struct container *c, int index, const char *host_name);

/* Remove an interface that has come back from the record; succeeds if it is not recorded. 0 or a negative
 * errno. */
int moved_links_remove(const struct container *c, int index);

/*
 * Move all recorded interfaces back from the network namespace of the container to the caller's, under their
 * old names, and clear the record. An interface whose name is in use comes back under another name. 0 or the
 * first failure.
 */
int moved_links_return(const struct container *c, int netns, struct error *err);

#endif
