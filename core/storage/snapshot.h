/*
 * Snapshots of a container: copies at LXCPATH/NAME/snaps/snapN, with a file "ts", which contains the time,
 * and an optional file "comment". Source: lxc-snapshot(1).
 */
#ifndef LXCBOX_CORE_STORAGE_SNAPSHOT_H
#define LXCBOX_CORE_STORAGE_SNAPSHOT_H

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/container.h"

/* Returns LXCPATH/NAME/snaps, the lxcpath of the snapshots, which the caller frees, or NULL without memory.
 */
char *snapshot_directory(const struct container *c);

/* Read the names, "snap0", "snap1" ..., ordered by number. Returns 0, or a negative errno with `err` filled.
 */
int snapshot_names(const struct container *c, struct string_list *names, struct error *err);

/* Create a snapshot of a stopped container, with the text of a comment or NULL. */
int snapshot_create(const struct container *c, const char *comment, struct error *err);

/* Create `to` from a snapshot of `c`. If `to` is `c`, it is replaced and keeps its snapshots. */
int snapshot_restore(const struct container *c, const char *snapshot, const struct container *to,
                     struct error *err);

/* Destroy a snapshot. Returns -ENOENT if it does not exist. */
int snapshot_destroy(const struct container *c, const char *snapshot, struct error *err);

#endif
