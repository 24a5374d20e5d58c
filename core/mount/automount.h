/*
 * lxc.mount.auto: proc, sys, cgroup; and the boot id. lxc.container.conf(5).
 */
#ifndef LXCBOX_CORE_RUN_AUTOMOUNT_H
#define LXCBOX_CORE_RUN_AUTOMOUNT_H

#include "core/mount/rootfs.h"

/*
 * proc:mixed  /proc read-write, /proc/sys and /proc/sysrq-trigger read-only, /proc/sys/net read-write
 * proc:rw     /proc read-write
 * sys:ro      /sys read-only;  sys:rw: read-write;  sys:mixed: read-only but for /sys/devices/virtual/net
 * All are nosuid, nodev, noexec. A mount of a file that the kernel has not is passed over.
 */
int automount_system(const struct rootfs *r, const struct config *c, struct error *err);

/*
 * cgroup:{ro,rw,mixed}, cgroup-full:..., ":force". As LXC does it: with a cgroup namespace (`own_namespace`)
 * a container that has CAP_SYS_ADMIN mounts cgroups itself, so nothing is mounted unless it is forced, or
 * the container lacks that capability, or the host has cgroup v2 alone, whose tree then is mounted on
 * /sys/fs/cgroup. Without a cgroup namespace the container's own cgroups are bound from the host's trees: ro
 * and rw as the word says, mixed with the hierarchy read-only above the container's cgroup. Without a word
 * it is rw, and mixed for a container without CAP_SYS_ADMIN. The tmpfs on /sys/fs/cgroup that holds the
 * hierarchies stays writable. cgroup2 mounts the v2 tree on /sys/fs/cgroup whatever else the host has, and so
 * it is, unless v1 is forced, for a systemd that would refuse what else it finds (`systemd`: its version, 0:
 * init is none). Where that cannot be, the log has a warning. The child must be in its payload cgroup (and in
 * its cgroup namespace) by now.
 */
int automount_cgroup(const struct rootfs *r, const struct config *c, bool own_namespace, unsigned systemd,
                     struct error *err);

/*
 * shmounts:HOST[:CONTAINER]: bind a folder of the host, on CONTAINER (/dev/.lxc-mounts), so that what is
 * mounted there later appears in the container. That needs the folder to be a shared mount of the host, and a
 * warning in the log says where it is none. mounts_apply() calls it after the entries.
 */
int automount_shmounts(struct rootfs *r, const struct config *c, struct error *err);

/* /proc/sys/kernel/random/boot_id: a new one for each start, so that a container's boots can be told apart.
 */
int automount_boot_id(const struct rootfs *r, struct error *err);

#endif
