/*
 * Detached mounts: a detached tree is an fd. It ends with the fd, and can be sent to a process in another
 * namespace, which attaches it. open_tree(2), fsopen(2), mount_setattr(2), move_mount(2); Linux 5.2, id
 * mapping 5.12. All return an fd or 0, or a negative errno; -ENOSYS on older kernels.
 */
#ifndef LXCBOX_CORE_MOUNT_TREE_H
#define LXCBOX_CORE_MOUNT_TREE_H

#include <stdbool.h>

#include "core/base/error.h"

/* A copy of the tree at `path`, or of the one that `fd` refers to, with or without the mounts below it. */
int tree_clone(const char *path, bool recursive);
int tree_clone_fd(int fd, bool recursive);

/* A new mount of a file system; `flags` MS_* of mount(2), `data` comma-separated or NULL. */
int tree_new(const char *type, const char *source, unsigned long flags, const char *data);

/*
 * Name the option of `data` that a file system of this type rejects in the remedy of `err`, which contains
 * -EINVAL of the failed mount. If the type does not check each option, the remedy is not changed. Returns
 * err->code.
 */
int tree_name_refused(const char *type, const char *data, struct error *err);

/*
 * Map the ids on disk with the user namespace that `userns` refers to, at most once for a tree; -1: no map.
 * `propagation` as in mount(2) (MS_SLAVE, MS_PRIVATE), 0: unchanged.
 */
int tree_adjust(int tree, int userns, unsigned long propagation, bool recursive);

/* Mount it on the file or directory that target_fd refers to. */
int tree_attach(int tree, int target_fd);

#endif
