/*
 * Which cgroups a container's systemd can live with: it is told by the version of what is installed in the
 * rootfs, before it runs.
 * Source: systemd's NEWS, cgroup-setup.c and mount-setup.c; 247, 252, 257 and 262 were seen to do so. From
 * 232 on it is at home on cgroup v2. 256 refuses v1; 257 does as the host does again, where it is in a
 * container; 258 has no code for v1: it refuses what is mounted on /sys/fs/cgroup but for a v2 tree, and
 * mounts that itself where nothing is. Of v2 they need no controllers.
 */
#ifndef LXCBOX_CORE_RUN_SYSTEMD_H
#define LXCBOX_CORE_RUN_SYSTEMD_H

#include "core/cgroup/layout.h"

enum systemd_cgroups {
    SYSTEMD_ANY,      /* what the host has will do */
    SYSTEMD_NEEDS_V2, /* the host has v1, too */
    SYSTEMD_NEEDS_V1, /* the host has v2 alone */
};

/* `version` 0: there is no systemd. */
enum systemd_cgroups systemd_cgroups(unsigned version, enum cgroup_layout layout);

/*
 * The version of the systemd that `init` (a command inside, NULL: /sbin/init) is, from the name of its
 * library; SYSTEMD_OLD for one that is older than that library. 0 where init is something else.
 */
#define SYSTEMD_OLD 230
unsigned systemd_version(int rootfd, const char *init);

#endif
