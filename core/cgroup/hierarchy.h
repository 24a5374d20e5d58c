/*
 * What the parts of the cgroup code share about one hierarchy; not for others.
 */
#ifndef LXCBOX_CORE_CGROUP_HIERARCHY_H
#define LXCBOX_CORE_CGROUP_HIERARCHY_H

#include "core/cgroup/cgroup.h"

/* The v2 hierarchy, NULL without. */
const struct cgroup_hierarchy *cgroup_unified(const struct cgroup *g);

/* Move this process, of one thread, into a cgroup beneath a v1 hierarchy's base ("": the base). */
int hierarchy_enter_v1(const struct cgroup_hierarchy *h, const char *path);

bool hierarchy_has_cpuset(const struct cgroup_hierarchy *h); /* v1's */

/* Remove the payload's cgroup `path` (the limit's) and close its fds. As cgroup_directory_remove(). */
int hierarchy_remove_payload(struct cgroup_hierarchy *h, const char *path);

/* Apply lxc.cgroup.devices.*. */
int cgroup_limit_v1_devices(struct cgroup *g, const struct config *c, struct error *err);

/* Set "cannot DO cgroup MOUNT/BASE/PATH". Returns the code. */
int hierarchy_error(const struct cgroup_hierarchy *h, int r, const char *to_do, const char *path,
                    struct error *err);

#endif
