/*
 * Which cgroups a container's systemd can live with: it is told by the version of what is installed in the
 * rootfs, before it runs.
 * Source: systemd's NEWS and cgroup-setup.c. From 232 on it is at home on cgroup v2. 256 refuses v1, 257
 * waits before it leaves v1, 258 has no code for it; all take v1 for theirs where the kernel has a controller
 * on it, but for a v2 tree that is mounted on /sys/fs/cgroup already. Of that they need no controllers.
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
