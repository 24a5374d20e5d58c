/*
 * lxc.mount.entry and lxc.mount.fstab. lxc.container.conf(5) "MOUNT POINTS", fstab(5), mount(2).
 */
#ifndef LXCBOX_CORE_MOUNT_MOUNTS_H
#define LXCBOX_CORE_MOUNT_MOUNTS_H

#include "core/mount/mount_options.h"
#include "core/mount/rootfs.h"

/*
 * Add the flags of `o` to the mount whose root `fd` refers to, and remove those that `o` clears. No effect if
 * `o` has none. 0 or a negative errno.
 */
int mount_add_flags(int fd, const struct mount_options *o);

/*
 * Mount one entry. Its target is relative to the rootfs; an absolute target must be beneath lxc.rootfs.path,
 * rootfs->path or rootfs->home, else it is ignored as LXC does, with a warning in the log. With "optional",
 * any failure of target, source or mount is ignored. With idmap= the next prepared tree of `r` is used up.
 */
int mounts_apply_one(struct rootfs *rootfs, const struct config_mount *m, struct error *err);

/*
 * Mount all of c->mounts, in order; with lxc.apparmor.allow_nesting a proc and a sysfs on /dev/.lxc; and
 * lxc.mount.auto = shmounts.
 */
int mounts_apply(struct rootfs *rootfs, const struct config *c, struct error *err);

#endif
