/*
 * Reading and writing whole files. A file is replaced by a temporary file, fsync and rename, so that a power
 * loss leaves either the old file or the new one. All fds are close-on-exec. Paths are trusted host paths
 * (for paths inside a rootfs see core/base/path.h).
 */
#ifndef LXCBOX_CORE_BASE_FILE_H
#define LXCBOX_CORE_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Write all bytes; short writes and EINTR are continued. 0 or a negative errno. */
int write_all(int fd, const void *bytes, size_t length);

/*
 * Read up to `length` bytes or until end of file; short reads and EINTR are continued. Returns the number of
 * bytes or a negative errno.
 */
ssize_t read_all(int fd, void *bytes, size_t length);

/*
 * Read a whole file of at most `max` bytes relative to `dirfd` (AT_FDCWD for a plain path) into a terminated
 * buffer the caller frees. `length` may be NULL. 0, -EFBIG beyond `max`, or another negative errno.
 */
int file_read(int dirfd, const char *path, size_t max, char **out, size_t *length);

/* The same from an open fd, from its position on. */
int file_read_fd(int fd, size_t max, char **out, size_t *length);

/* The first half of file_replace(): write the temporary file, on disk when this returns; the caller renames
 * it to `path` or removes it, and frees its name. 0 or negative errno. */
int file_prepare(int dirfd, const char *path, const void *bytes, size_t length, mode_t mode,
                 char **temporary);

/* Replace or create a file as described above. 0 or negative errno. */
int file_replace(int dirfd, const char *path, const void *bytes, size_t length, mode_t mode);

/* Close every fd from `first` on, also fds without close-on-exec. */
void close_from(int first);

/*
 * Close every fd above standard error except the `count` fds in `kept`, where negative numbers are ignored.
 */
void close_others(const int *kept, size_t count);

/* flock(2), again after a signal. 0 or a negative errno. */
int file_lock(int fd, int operation);

/* Write a value into a kernel file (/proc, /sys, cgroup): one write, no creation. 0 or negative errno. */
int file_write_value(int dirfd, const char *path, const char *value);

/* mkdir -p with this mode for new directories; an existing directory is success. 0 or a negative errno. */
int make_directories(const char *path, mode_t mode);

/*
 * ioctl(2) as the system call: C libraries differ in the type of a request, whose highest of 32 bits may be
 * set. `argument`: a number or a pointer. Returns the result of ioctl or a negative errno.
 */
int file_control(int fd, unsigned long request, uintptr_t argument);

/*
 * Remove a tree beneath dirfd/name without following links and without crossing into other mounts; a missing
 * name is success. 0 or a negative errno (-EBUSY if there is a mount inside).
 */
int remove_tree(int dirfd, const char *name);

#endif
