/*
 * Mounts that are nowhere yet: a detached tree is an fd, vanishes with it, and can be handed to a process in
 * another namespace, which puts it in its place. open_tree(2), fsopen(2), mount_setattr(2), move_mount(2);
 * Linux 5.2, id mapping 5.12. All return an fd or 0, or a negative errno; -ENOSYS on older kernels.
 */
#ifndef LXCBOX_CORE_RUN_TREE_H
#define LXCBOX_CORE_RUN_TREE_H

#include <stdbool.h>

#include "core/base/error.h"

/* A copy of what is mounted at `path`, with the mounts below it or without. */
int tree_clone(const char *path, bool recursive);

/* A file system mounted anew; `flags` MS_* of mount(2), `data` comma-separated or NULL. */
int tree_new(const char *type, const char *source, unsigned long flags, const char *data);

/*
 * Which option of `data` does a file system of this type refuse? Named in the remedy of `err`, which holds
 * the failed mount's -EINVAL. Not every type checks its options one by one; then the remedy stays as it is.
 * Returns err->code.
 */
int tree_name_refused(const char *type, const char *data, struct error *err);

/*
 * Let ids on disk be seen through the user namespace that `userns` refers to, once for a tree; -1: as they
 * are. `propagation` as in mount(2) (MS_SLAVE, MS_PRIVATE), 0: leave it.
 */
int tree_adjust(int tree, int userns, unsigned long propagation, bool recursive);

/* Mount it upon the file or folder that target_fd refers to. */
int tree_attach(int tree, int target_fd);

#endif
