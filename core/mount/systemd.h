/*
 * The cgroup version that a container's systemd requires, determined from the version installed in the rootfs
 * before the start. Source: systemd's NEWS, cgroup-setup.c and mount-setup.c; tested with 247, 252, 257 and
 * 262. Versions from 232 support cgroup v2. 256 rejects v1; 257 in a container uses the version of the host;
 * 258 does not support v1: it rejects any mount on /sys/fs/cgroup except a v2 tree, and mounts v2 itself if
 * nothing is mounted. No v2 controllers are required.
 */
#ifndef LXCBOX_CORE_MOUNT_SYSTEMD_H
#define LXCBOX_CORE_MOUNT_SYSTEMD_H

#include "core/cgroup/layout.h"

enum systemd_cgroups {
    SYSTEMD_ANY,      /* works with the host's layout */
    SYSTEMD_NEEDS_V2, /* the host also has v1 */
    SYSTEMD_NEEDS_V1, /* the host has only v2 */
};

/* `version` 0: there is no systemd. */
enum systemd_cgroups systemd_cgroups(unsigned version, enum cgroup_layout layout);

/*
 * The version of systemd if `init` (a command in the container, NULL: /sbin/init) is systemd, from the name
 * of its library; SYSTEMD_OLD for a version without that library. 0 if init is not systemd.
 */
#define SYSTEMD_OLD 230
unsigned systemd_version(int rootfd, const char *init);

#endif
