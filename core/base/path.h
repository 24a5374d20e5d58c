/*
 * Paths inside a rootfs. The container controls its rootfs and is not trusted. Such a path is therefore never
 * a string joined to a prefix: the kernel resolves it from a directory fd, with the rootfs as the root
 * directory and without magic links. Source: openat2(2), RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS.
 */
#ifndef LXCBOX_CORE_BASE_PATH_H
#define LXCBOX_CORE_BASE_PATH_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Open `path` (absolute or relative, both relative to rootfd) inside the rootfs. Symbolic links are followed,
 * but never out of the rootfs. `flags` are those of open(2); O_CLOEXEC is added. On kernels before 5.6
 * (ENOSYS) the path is resolved in user space with the same guarantee. Returns an fd or a negative errno
 * (-EXDEV/-ELOOP for an escape attempt).
 */
int rootfs_open(int rootfd, const char *path, int flags, mode_t mode);

/*
 * Like mkdir -p inside the rootfs; existing directories (also through links that stay inside) are kept.
 * Returns an O_PATH fd of the last directory or a negative errno.
 */
int rootfs_make_directory(int rootfd, const char *path, mode_t mode);

/*
 * Make an empty file (for a bind mount) and its parent directories; an existing file is kept. Returns an
 * O_PATH fd or a negative errno.
 */
int rootfs_make_file(int rootfd, const char *path, mode_t mode);

/*
 * The same where no component may be a link. A link to a directory is -ENOTDIR. In the place of the file, a
 * link is removed, and an empty file is made.
 */
int rootfs_make_directory_nofollow(int rootfd, const char *path, mode_t mode);
int rootfs_make_file_nofollow(int rootfd, const char *path, mode_t mode);

/*
 * Write into `out` the first directory of an absolute host path that this process may not search (the last
 * component is not tested). Returns 1, or 0 if there is no such directory.
 */
int path_barrier(const char *path, char *out, size_t size);

#endif
