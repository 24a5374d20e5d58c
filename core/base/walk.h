/*
 * Walking a tree of files of any depth, without recursion, paths or a descriptor for each level: of the
 * directories on the way, only the lowest are open, and a higher one is opened again through "..". Symbolic
 * links are not followed and other mounts, also of the same file system, are not entered. The tree may belong
 * to a container that changes it meanwhile. Source: statx(2), STATX_MNT_ID; proc_pid_fdinfo(5), mnt_id.
 *
 *     struct walk w = WALK_INIT;
 *     r = walk_begin(&w, fd, -1);
 *     while (r == 0 && (r = walk_next(&w)) >= 0) {
 *         if (r == 0 && w.depth == 1)
 *             break;
 *         if (r == 0)
 *             r = walk_leave(&w);     // w.name is again that of the directory
 *         else
 *             r = is_directory ? walk_enter(&w) : ...;
 *     }
 */
#ifndef LXCBOX_CORE_BASE_WALK_H
#define LXCBOX_CORE_BASE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

struct walk_level;

struct walk {
    int fd;             /* the current directory */
    int twin;           /* the directory of the same path in the second tree, or -1 */
    const char *name;   /* of the current entry, in the current directory; in `path` */
    struct strbuf path; /* of the current entry, relative to the beginning: "usr/bin" */
    size_t depth;       /* of open directories; 1: the one that was given */

    bool has_twin;
    uint64_t mount;
    struct walk_level *levels;
    size_t room, closed; /* levels allocated; the highest levels that are closed */
};

#define WALK_INIT                                                                                            \
    {                                                                                                        \
        .fd = -1, .twin = -1                                                                                 \
    }
#define cleanup_walk __attribute__((cleanup(walk_end)))
void walk_end(struct walk *w);

/*
 * Begin with directory `fd`, which remains the caller's. With `twin` of at least 0, a directory in which the
 * caller makes the same directories, it is followed, too. All functions return a negative errno on failure.
 */
int walk_begin(struct walk *w, int fd, int twin);

/* Continue with the next entry of the current directory. Returns 1, or 0 if there is none; `path` is then
 * that of the directory. */
int walk_next(struct walk *w);

/* Make the current entry, a directory, the current directory. 0; -EXDEV: it is on another mount. */
int walk_enter(struct walk *w);

/* Return to the parent of the current directory, which becomes the current entry again. 0; -ESTALE: the
 * directory has been moved meanwhile. */
int walk_leave(struct walk *w);

/* Whether the current entry is on another mount: 1, 0, or a negative errno. */
int walk_is_mount(const struct walk *w);

/*
 * The id of the mount that has a file: that of `name` in `dirfd`, which is not followed, or of `dirfd` if the
 * name is empty. 0 or a negative errno.
 */
int mount_id_at(int dirfd, const char *name, uint64_t *id);

/*
 * Open the directory at a path of any length below `dirfd`, without following links. 0 or more, or a negative
 * errno; an empty path is `dirfd` itself. `flags`: O_PATH or O_RDONLY.
 */
int directory_open_long(int dirfd, const char *path, int flags);

#endif
