/*
 * lxc.mount.entry and lxc.mount.fstab. lxc.container.conf(5) "MOUNT POINTS", fstab(5), mount(2).
 */
#ifndef LXCBOX_CORE_RUN_MOUNTS_H
#define LXCBOX_CORE_RUN_MOUNTS_H

#include <stdbool.h>

#include "core/mount/rootfs.h"

/* The fourth field of an entry, taken apart. */
struct mount_options {
    unsigned long flags;       /* MS_BIND, MS_REC, MS_RDONLY, ... */
    unsigned long cleared;     /* flags that were named by their opposite: "rw", "dev", "suid", ... */
    unsigned long propagation; /* MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE, with MS_REC; 0: leave it */
    bool optional;             /* a failure is passed over */
    bool create_dir, create_file;
    bool relative; /* the source is inside the rootfs */
    char *idmap;   /* idmap=: "container", or the path of a user namespace; NULL: ids as they are on disk */
    char *data;    /* the file system's own, comma-separated; "" when none */
};

#define cleanup_mount_options __attribute__((cleanup(mount_options_free)))
void mount_options_free(struct mount_options *o);

/*
 * Parse "bind,ro,create=dir,mode=755". `text` may be NULL. The struct is filled and to be freed only on
 * success. 0, -EINVAL or -ENOMEM.
 */
int mount_options_parse(const char *text, struct mount_options *out, struct error *err);

/*
 * Give the mount whose root `fd` refers to the flags of `o`, beside those it has and less those that `o`
 * names by their opposite. Nothing when `o` names none. 0 or negative errno.
 */
int mount_add_flags(int fd, const struct mount_options *o);

/*
 * Mount one entry. Its target is relative to the rootfs; an absolute one must lie beneath lxc.rootfs.path or
 * r->path, else it is passed over as LXC does, with a warning in the log. "optional" passes over whatever
 * goes wrong with its target, source or mount. With idmap= the next prepared tree of `r` is used up.
 */
int mounts_apply_one(struct rootfs *r, const struct config *c, const struct config_mount *m,
                     struct error *err);

/*
 * All of c->mounts, in order; with lxc.apparmor.allow_nesting a proc and a sysfs on /dev/.lxc; and
 * lxc.mount.auto = shmounts.
 */
int mounts_apply(struct rootfs *r, const struct config *c, struct error *err);

#endif
