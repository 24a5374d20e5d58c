/*
 * An incomplete container: LXCPATH/.NAME.partial, which lxc-ls does not list (nor does that of LXC, because
 * of the dot). It is locked while a process works on it. When it is complete and on disk, a rename makes it
 * LXCPATH/NAME; to destroy a container, it is renamed back first. After a kill -9 or a power loss, the rest
 * is unlocked, and the next command on this name removes it.
 */
#ifndef LXCBOX_CORE_STORAGE_PARTIAL_H
#define LXCBOX_CORE_STORAGE_PARTIAL_H

#include <sys/types.h>

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/container.h"

struct partial {
    const struct container *container;
    int lxcpath_fd;
    int fd;     /* of the directory, open and locked; empty, at last of mode 0770 or 0750 */
    char *path; /* of the directory, LXCPATH/.NAME.partial */
};

/*
 * Let the root of a container with mapped ids, whose group is `gid`, search the directory. It remains the
 * property of the user who creates the container, so that nothing that runs as the container's root can
 * replace the configuration or the rootfs. 0 or a negative errno.
 */
int partial_admit_root(int fd, gid_t gid);

/*
 * Fills the directory. Runs in a child process, so that its parent can clean up after a signal, a crash or
 * lack of memory; its changes to memory are lost. Returns 0 or a negative errno.
 */
typedef int partial_work(void *context, const struct partial *p, struct error *err);

/*
 * Create a container. LXCPATH, which is created if it does not exist, must not contain one of this name. On
 * failure, and on SIGINT, SIGTERM, SIGHUP and SIGQUIT (-EINTR), nothing of it is left. Returns 0, or a
 * negative errno with `err` filled; -EEXIST: the name exists; -EBUSY: another process creates it.
 */
int partial_make(const struct container *c, partial_work *work, void *context, struct error *err);

/*
 * Replace an existing container by a new one, by an exchange of their directories. Of the old one, only the
 * subdirectory `keep` is kept, which is moved to the new one.
 */
int partial_replace(const struct container *c, const char *keep, partial_work *work, void *context,
                    struct error *err);

/* Remove an existing container with everything in its directory. */
int partial_discard(const struct container *c, struct error *err);

/* Whether a process works on an incomplete container of this name. */
bool partial_is_locked(const struct container *c);

/* Remove what an interrupted command has left of a container. Returns 0, 1 if there was nothing, or a
 * negative errno with `err` filled. */
int partial_clean(const struct container *c, struct error *err);

#endif
