/*
 * lxc.mount.entry and lxc.mount.fstab. lxc.container.conf(5) "MOUNT POINTS", fstab(5), mount(2).
 */
#ifndef LXCBOX_CORE_RUN_MOUNTS_H
#define LXCBOX_CORE_RUN_MOUNTS_H

#include "core/mount/mount_options.h"
#include "core/mount/rootfs.h"

/*
 * Give the mount whose root `fd` refers to the flags of `o`, beside those it has and less those that `o`
 * names by their opposite. Nothing when `o` names none. 0 or negative errno.
 */
int mount_add_flags(int fd, const struct mount_options *o);

/*
 * Mount one entry. Its target is relative to the rootfs; an absolute one must lie beneath lxc.rootfs.path,
 * r->path or r->home, else it is ignored as LXC does, with a warning in the log. "optional" ignores whatever
 * goes wrong with its target, source or mount. With idmap= the next prepared tree of `r` is used up.
 */
int mounts_apply_one(struct rootfs *r, const struct config_mount *m, struct error *err);

/*
 * All of c->mounts, in order; with lxc.apparmor.allow_nesting a proc and a sysfs on /dev/.lxc; and
 * lxc.mount.auto = shmounts.
 */
int mounts_apply(struct rootfs *r, const struct config *c, struct error *err);

#endif
