/*
 * Copying and renaming containers. Source: lxc-copy(1).
 *
 * A copy's configuration is that of the source with replaced paths, name and MAC addresses. A directory is
 * copied file by file; a btrfs subvolume is snapshot if possible; of an overlay the changes are copied, and
 * the lower directory is shared. A snapshot of a directory is an overlay on it.
 */
#ifndef LXCBOX_CORE_STORAGE_COPY_H
#define LXCBOX_CORE_STORAGE_COPY_H

#include <stdbool.h>

#include "core/base/str.h"
#include "core/config/container.h"

struct copy_options {
    bool snapshot;       /* share the source's files or fail; false: copy them */
    const char *storage; /* -B: "dir", "btrfs", "overlay"; NULL: depends on the source */
    bool keep_name, keep_mac;
    bool same_container; /* making or restoring a snapshot: keep settings that only one container can have */
    bool allow_running;
    bool ephemeral;              /* lxc.ephemeral = 1: destroyed when it stops */
    const char *mounts;          /* -m, see copy_mounts(); NULL: none */
    char *const *hook_arguments; /* for the clone hooks; NULL-terminated, or NULL */
    const char *replaces; /* `keep` of partial_replace(): the copy replaces an existing container; or NULL */
    /* Additional files in the copy's directory: pairs of name and text, NULL-terminated; or NULL. */
    const char *const *files;
};

/* Create `to` as a copy of `from`. Returns 0, or a negative errno with `err` filled; then nothing is left. */
int container_copy(const struct container *from, const struct container *to, const struct copy_options *o,
                   struct error *err);

/* Rename a container that is not running and has no dependents, within its file system. */
int container_rename(const struct container *from, const struct container *to, struct error *err);

/* Returns an unused name, "NAME_XXXXXX", which the caller frees, or NULL with `err` filled. */
char *copy_new_name(const struct container *from, const char *lxcpath, struct error *err);

/* Mount a tmpfs on the directory with the changes of an overlay copy; destroying the container unmounts it.
 */
int copy_to_tmpfs(const struct container *c, struct error *err);

/*
 * Append a configuration to `out` in which paths into the directory of `from` are replaced by those into that
 * of `to`; comments are kept unchanged. Returns 0 or -ENOMEM.
 */
int copy_paths(const char *text, const struct container *from, const struct container *to,
               struct strbuf *out);

/* The same, replacing directory `old` in paths by directory `new`. Returns 0 or -ENOMEM. */
int copy_replace_paths(const char *text, const char *old, const char *new, struct strbuf *out);

/*
 * Append lxc.mount.entry lines for a list "bind=/SRC[:/DEST][:ro|:rw],overlay=/SRC[:/DEST],...". The upper
 * and work directories of the overlays are "delta#N" and "work#N" of `to`; *overlays is their number. Returns
 * 0, or a negative errno with `err` filled.
 */
int copy_mounts(const char *list, const struct container *to, struct strbuf *text, unsigned *overlays,
                struct error *err);

#endif
