/*
 * Files of the kernel in /proc. Whoever may mount there, or names the file, must not redirect a write to
 * another file: the procfs and each file in it are verified. Source: proc(5), openat2(2).
 */
#ifndef LXCBOX_CORE_BASE_PROCFS_H
#define LXCBOX_CORE_BASE_PROCFS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/error.h"

/*
 * Open the root directory of the procfs on /proc (O_PATH). The fd stays valid after another directory has
 * become the root. -ENOENT if /proc is anything else.
 */
int procfs_open(struct error *err);

/* Open the directory of a process in it (O_PATH); 0: of this thread group. A negative errno; the error is
 * set. */
int procfs_open_process(pid_t pid, struct error *err);

/*
 * Open a file below a directory of a procfs. ".." does not leave the directory, and links to files of
 * processes (fd/1, root, cwd) are not followed: -ELOOP. -EXDEV for a file of another file system that is
 * mounted there.
 */
int procfs_open_file(int dirfd, const char *path, int flags);

/* Write a value to such a file in one write(2), as the kernel requires. 0 or a negative errno. */
int procfs_write(int dirfd, const char *path, const char *value);

/*
 * The name of an fd in /proc, for system calls that accept only paths: "/proc/self/fd/7". NULL if the procfs
 * is not that of the kernel.
 */
#define PROCFS_FD_SIZE 32
const char *procfs_fd_path(int fd, char out[PROCFS_FD_SIZE]);

#endif
