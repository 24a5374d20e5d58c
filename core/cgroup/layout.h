/*
 * Which cgroup hierarchies this host has, where they are mounted, and which cgroup in each a container's
 * cgroups are made beneath (the base).
 * Source: cgroups(7) "/proc/PID/cgroup", proc(5) "/proc/PID/mountinfo", cgroup_namespaces(7).
 */
#ifndef LXCBOX_CORE_CGROUP_LAYOUT_H
#define LXCBOX_CORE_CGROUP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"
#include "core/base/mountinfo.h"

#define CGROUP_HIERARCHIES_MAX 20 /* the kernel's v1 controllers, a few named ones and v2 */

/* LXC's numbers: they travel on the command socket. */
enum cgroup_layout {
    CGROUP_UNKNOWN = -1, /* no hierarchy that we may use */
    CGROUP_LEGACY,       /* v1 only */
    CGROUP_HYBRID,       /* v1 and v2 */
    CGROUP_UNIFIED,      /* v2 only */
};

/* A mounted hierarchy. Strings are owned. */
struct cgroup_mount {
    bool unified;
    char *controllers; /* v1: "cpu,cpuacct" or "name=systemd" as in /proc/PID/cgroup; v2: "" */
    char *mount_point; /* NULL: mounted nowhere (cgroup_layout_read() made a mount that only we see) */
    char *root;        /* the cgroup that is visible at the mount point: "/" but for bind mounts */
    char *base;        /* the base, a path beneath the mount point: "" or "user.slice/a.scope" */
    int base_fd;       /* O_PATH directory of it; -1 until cgroup_layout_read() */
    bool inside;       /* v2: this process is in the base (cgroup_layout_read() only) */
};

struct cgroup_mounts {
    struct cgroup_mount items[CGROUP_HIERARCHIES_MAX];
    size_t count;
};

#define cleanup_cgroup_mounts __attribute__((cleanup(cgroup_mounts_free)))
void cgroup_mounts_free(struct cgroup_mounts *m);

/*
 * The hierarchies in a table of mounts, of each the mount that shows most of it, the first of several.
 * `controllers` of a v1 hierarchy may have mount options behind them until cgroup_mounts_set_base(). 0,
 * -ENOMEM, or -E2BIG for more than CGROUP_HIERARCHIES_MAX. cgroup_mounts_read() takes our own table.
 */
int cgroup_mounts_find(const struct mountinfo *table, struct cgroup_mounts *out);
int cgroup_mounts_read(struct cgroup_mounts *out);

/*
 * Give each mount its base from the text of a /proc/PID/cgroup file; mounts that the process has no cgroup
 * in, or whose visible part does not hold it, are dropped. `escape`: a trailing "/init.scope" is left out, as
 * LXC does for containers that root starts. 0 or -ENOMEM.
 */
int cgroup_mounts_set_base(struct cgroup_mounts *m, const char *text, size_t length, bool escape);

/* The path of the process's v2 cgroup in the text of its /proc/PID/cgroup; *length 0 where it has none. */
const char *cgroup_v2_path(const char *text, size_t *length);

/*
 * Does v1 name list `controllers` ("cpu,cpuacct", "name=systemd") hold `controller` ("cpu", "systemd")? Both
 * "name=X" and "X" mean the named hierarchy X.
 */
bool cgroup_controllers_have(const char *controllers, const char *controller);

/*
 * Find all that this process may use: hierarchies whose base it may write to. The base is init's cgroup for
 * root, our own with `relative` or for other users, as LXC has it. `use`: a comma-separated list of
 * controllers to be used alone (lxc.cgroup.use); NULL: all. A host without any cgroup mount (a rescue system)
 * is given the v2 hierarchy through a mount that only this process sees. `refused` (may be NULL) gets the
 * first hierarchy that was left out and why. 0 or a negative errno with `err` filled; finding none is no
 * failure.
 */
int cgroup_layout_read(bool relative, const char *use, struct cgroup_mounts *out, struct error *refused,
                       struct error *err);

enum cgroup_layout cgroup_layout_of(const struct cgroup_mounts *m);

#endif
