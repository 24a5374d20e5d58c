/*
 * lxc.mount.auto: proc, sys, cgroup; and the boot id. lxc.container.conf(5).
 */
#ifndef LXCBOX_CORE_MOUNT_MOUNT_AUTO_H
#define LXCBOX_CORE_MOUNT_MOUNT_AUTO_H

#include "core/mount/rootfs.h"

/*
 * proc:mixed  /proc read-write, /proc/sys and /proc/sysrq-trigger read-only, /proc/sys/net read-write proc:rw
 * /proc read-write sys:ro      /sys read-only;  sys:rw: read-write;  sys:mixed: read-only except for
 * /sys/devices/virtual/net All are nosuid, nodev, noexec. Files that the kernel does not have are ignored.
 */
int mount_auto_system(const struct rootfs *rootfs, const struct config *c, struct error *err);

/*
 * cgroup:{ro,rw,mixed}, cgroup-full:..., ":force". As in LXC, a container with a cgroup namespace
 * (`own_namespace`) and CAP_SYS_ADMIN mounts cgroups itself. Therefore nothing is mounted unless it is
 * forced, or the container does not have that capability, or the host has cgroup v2 only; then the v2 tree is
 * mounted on /sys/fs/cgroup. Without a cgroup namespace the container's cgroups are bound from the trees of
 * the host: ro, rw, or mixed (the hierarchy is read-only above the container's cgroup). The default is rw,
 * and mixed for a container without CAP_SYS_ADMIN. The tmpfs on /sys/fs/cgroup with the hierarchies is
 * writable. cgroup2 mounts the v2 tree on /sys/fs/cgroup on any host. Unless v1 is forced, this is also done
 * for a systemd that would reject another layout (`systemd`: its version; 0: init is not systemd); if it is
 * not possible, a warning is logged. The child must already be in its payload cgroup (and cgroup namespace).
 */
int mount_auto_cgroup(const struct rootfs *rootfs, const struct config *c, bool own_namespace,
                      unsigned systemd, struct error *err);

/*
 * shmounts:HOST[:CONTAINER]: bind a directory of the host on CONTAINER (default: /dev/.lxc-mounts), so that
 * later mounts in it appear in the container. The directory must be a shared mount of the host; otherwise a
 * warning is logged. mounts_apply() calls this after the entries.
 */
int mount_auto_shmounts(struct rootfs *rootfs, const struct config *c, struct error *err);

/* /proc/sys/kernel/random/boot_id: a new one for each start, to distinguish the boots of a container. */
int mount_auto_boot_id(const struct rootfs *rootfs, struct error *err);

#endif
