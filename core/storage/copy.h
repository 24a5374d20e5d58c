/*
 * Copies of containers, and new names. Source: lxc-copy(1).
 *
 * A copy's configuration is the source's with the paths into its folder, its name and its MAC addresses made
 * the copy's own. A copy of a folder is a copy of the files; of a btrfs subvolume a snapshot where the file
 * system can; of an overlay a copy of its changes, on the same folder below. A snapshot of a folder is an
 * overlay on it.
 */
#ifndef LXCBOX_CORE_STORAGE_COPY_H
#define LXCBOX_CORE_STORAGE_COPY_H

#include <stdbool.h>

#include "core/base/str.h"
#include "core/config/container.h"

struct copy_options {
    bool snapshot;       /* share the source's files, or fail; else copy them */
    const char *storage; /* -B: "dir", "btrfs", "overlay"; NULL: what fits */
    bool keep_name, keep_mac;
    bool same_container; /* a snapshot, or its return: keeps what only one container can have */
    bool allow_running;
    bool ephemeral;              /* lxc.ephemeral = 1: gone when it stops */
    const char *mounts;          /* -m, see copy_mounts(); NULL: none */
    char *const *hook_arguments; /* for the clone hooks; NULL at the end, or NULL */
    const char *replaces;        /* partial_replace's `keep`: the copy takes an existing one's place */
    /* Also to be written into the copy's folder: name and text, NULL at the end; or NULL. */
    const char *const *files;
};

/* Make `to` a copy of `from`, all or nothing. 0 or a negative errno with `err` filled. */
int container_copy(const struct container *from, const struct container *to, const struct copy_options *o,
                   struct error *err);

/* Give a container that does not run, and on which none stands, another name, in the same file system. */
int container_rename(const struct container *from, const struct container *to, struct error *err);

/* A name that no container has yet, "NAME_XXXXXX"; the caller frees it. NULL with `err` filled. */
char *copy_new_name(const struct container *from, const char *lxcpath, struct error *err);

/* Put a tmpfs where an overlay copy keeps its changes; gone when the container is destroyed. */
int copy_to_tmpfs(const struct container *c, struct error *err);

/*
 * A configuration with each path into `from`'s folder replaced by the same in `to`'s; comments stay. 0 or
 * -ENOMEM.
 */
int copy_paths(const char *text, const struct container *from, const struct container *to,
               struct strbuf *out);

/* The same for any path that is written as one folder in place of another. 0 or -ENOMEM. */
int copy_replace_paths(const char *text, const char *old, const char *new, struct strbuf *out);

/*
 * Append lxc.mount.entry lines for a list "bind=/SRC[:/DEST][:ro|:rw],overlay=/SRC[:/DEST],...". The changes
 * of the overlays go to "delta#N", with "work#N" beside it, of the copy `to`; *overlays: how many. 0 or a
 * negative errno with `err` filled.
 */
int copy_mounts(const char *list, const struct container *to, struct strbuf *text, unsigned *overlays,
                struct error *err);

#endif
