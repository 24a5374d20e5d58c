/*
 * A container in the making: LXCPATH/.NAME.partial, which no lxc-ls shows (LXC's own passes over names with a
 * dot), locked for as long as somebody works on it. It becomes LXCPATH/NAME by one rename once it is complete
 * and on disk, and goes the same way back when it is destroyed. What a kill -9 or a power loss leaves is
 * unlocked, and the next to work on this name removes it.
 */
#ifndef LXCBOX_CORE_STORAGE_PARTIAL_H
#define LXCBOX_CORE_STORAGE_PARTIAL_H

#include "core/base/error.h"
#include "core/config/container.h"

struct partial {
    const struct container *container;
    int lxcpath_fd;
    int fd;     /* of the folder, open and locked; empty, mode 0770 */
    char *path; /* of the folder, LXCPATH/.NAME.partial */
};

/*
 * Fills the folder. Runs in a process of its own, so that a signal, a crash or the kernel's want of memory
 * leaves somebody to clean up; what it keeps in memory is lost when it returns. 0 or a negative errno.
 */
typedef int partial_work(void *context, const struct partial *p, struct error *err);

/*
 * Make a container: LXCPATH (made where it is missing) must not have one of this name. On failure, and on
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT (-EINTR), nothing of it is left. 0 or a negative errno with `err`
 * filled; -EEXIST: there is one already, or something else of that name; -EBUSY: somebody else makes it.
 */
int partial_make(const struct container *c, partial_work *work, void *context, struct error *err);

/*
 * The same for one that exists: the new one takes its place by one exchange, and of the old one only the
 * subfolder `keep` is left, which moves over.
 */
int partial_replace(const struct container *c, const char *keep, partial_work *work, void *context,
                    struct error *err);

/* Remove a container that exists, with everything beneath its directory. */
int partial_discard(const struct container *c, struct error *err);

/* Remove what an interrupted command has left of a container. 1: there was nothing. 0 or a negative errno. */
int partial_clean(const struct container *c, struct error *err);

#endif
