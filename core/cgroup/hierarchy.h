/* Internal functions of core/cgroup for one hierarchy. */
#ifndef LXCBOX_CORE_CGROUP_HIERARCHY_H
#define LXCBOX_CORE_CGROUP_HIERARCHY_H

#include "core/cgroup/cgroup.h"

/* The v2 hierarchy; NULL if there is none. */
const struct cgroup_hierarchy *cgroup_unified(const struct cgroup *g);

/* Move this single-threaded process into a cgroup beneath a v1 hierarchy's base ("": the base). */
int hierarchy_enter_v1(const struct cgroup_hierarchy *h, const char *path);

bool hierarchy_has_cpuset(const struct cgroup_hierarchy *h); /* v1 */

/*
 * Remove the payload's cgroup (`path`: the cgroup with the limits) and close its fds, as
 * cgroup_directory_remove().
 */
int hierarchy_remove_payload(struct cgroup_hierarchy *h, const char *path);

/*
 * Apply lxc.cgroup.devices.* before the cgroup of init is made below the one with the limits. Until
 * cgroup_limit_devices(), every device may be opened: the child mounts images and runs hooks.
 */
int cgroup_limit_v1_devices_early(struct cgroup *g, const struct config *c, struct error *err);

/* Set the error "cannot DO cgroup MOUNT/BASE/PATH". Returns the code. */
int hierarchy_error(const struct cgroup_hierarchy *h, int r, const char *to_do, const char *path,
                    struct error *err);

#endif
