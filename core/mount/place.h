/*
 * Mounting on a place in a rootfs, which is resolved once. What is mounted there is then an fd: its flags are
 * set, and it is entered, by this fd, so that a process that changes names in the rootfs meanwhile redirects
 * nothing.
 */
#ifndef LXCBOX_CORE_MOUNT_PLACE_H
#define LXCBOX_CORE_MOUNT_PLACE_H

#include <stdbool.h>

/* A place: the file or directory that `fd` refers to (O_PATH). */
struct place {
    int fd;
    /* Its name below the directory `root`, for kernels before 5.2, which return no fd of a new mount. */
    int root;
    const char *inside;
};

/*
 * Mount a new instance of a file system, or bind what `source` refers to, and return an fd (O_PATH) of the
 * root of the mount. Flags, `data`: as of mount(2); a bind mount takes its flags from mount_set_flags()
 * afterwards. A negative errno; -EBUSY: on a kernel before 5.2, another mount was found under the name of the
 * place.
 */
int place_mount(const struct place *p, const char *type, const char *source, unsigned long flags,
                const char *data);
int place_bind(const struct place *p, int source, bool recursive);

/* What is mounted on the place now, by the last mount(2). -EBUSY, as above. */
int place_open(const struct place *p);

/*
 * mount(2) on the file or directory that target_fd refers to, independent of its current path. 0 or a
 * negative errno. `type` and `data` may be NULL.
 */
int mount_on(int target_fd, const char *source, const char *type, unsigned long flags, const char *data);
/* Move the mount whose root source_fd refers to. */
int mount_move(int source_fd, int target_fd);
/*
 * Set the flags (MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME, ...) of the mount whose root `fd`
 * refers to: all of them, a missing one is cleared. fd must have been opened after the mount.
 */
int mount_set_flags(int fd, unsigned long flags);

#endif
