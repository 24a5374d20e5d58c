/*
 * Snapshots of a container: copies at LXCPATH/NAME/snaps/snapN, with the file "ts" that says when, and
 * perhaps "comment". Source: lxc-snapshot(1).
 */
#ifndef LXCBOX_CORE_STORAGE_SNAPSHOT_H
#define LXCBOX_CORE_STORAGE_SNAPSHOT_H

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/container.h"

/* LXCPATH/NAME/snaps, which is the lxcpath of the snapshots. The caller frees it; NULL: out of memory. */
char *snapshot_folder(const struct container *c);

/* The names, "snap0", "snap1" ..., by number; none is no error. 0 or a negative errno with `err` filled. */
int snapshot_names(const struct container *c, struct string_list *names, struct error *err);

/* Make one, with the text of a comment or NULL. The container must not run. */
int snapshot_create(const struct container *c, const char *comment, struct error *err);

/* Make `to` a copy of a snapshot of `c`; where it is `c` itself, that is replaced and keeps its snapshots. */
int snapshot_restore(const struct container *c, const char *snapshot, const struct container *to,
                     struct error *err);

/* Remove one. -ENOENT where there is none of this name. */
int snapshot_destroy(const struct container *c, const char *snapshot, struct error *err);

#endif
