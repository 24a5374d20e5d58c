/*
 * Paths inside a rootfs. The container owns its rootfs and is hostile, so such a path is never a string
 * joined to a prefix: it is resolved by the kernel from a directory fd, with the rootfs as its root and no
 * magic links. Source: openat2(2), RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS.
 */
#ifndef LXCBOX_CORE_BASE_PATH_H
#define LXCBOX_CORE_BASE_PATH_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Open `path` (absolute or relative, both meaning "from the root of rootfd") inside the rootfs. Links are
 * followed, but never out of it. `flags` are open(2)'s; O_CLOEXEC is added. Kernels before 5.6 (ENOSYS) are
 * served by a walk in user space with the same promise. Returns an fd or a negative errno (-EXDEV/-ELOOP for
 * an escape attempt).
 */
int rootfs_open(int rootfd, const char *path, int flags, mode_t mode);

/*
 * Like mkdir -p inside the rootfs; existing directories (also through links that stay inside) are kept.
 * Returns an O_PATH fd of the last one or a negative errno.
 */
int rootfs_make_directory(int rootfd, const char *path, mode_t mode);

/* Make an empty file (for a bind mount), with its directories; an existing one is kept. O_PATH fd or negative
 * errno. */
int rootfs_make_file(int rootfd, const char *path, mode_t mode);

/*
 * Of a path of the host, an absolute one: the first directory on it that this process may not search (the
 * path itself is not tried), into `out`. 1, or 0 where there is none.
 */
int path_barrier(const char *path, char *out, size_t size);

#endif
