/*
 * The cgroup hierarchies of this host, their mount points, and the base of each: the cgroup in which the
 * cgroups of containers are created. Source: cgroups(7) "/proc/PID/cgroup", proc(5) "/proc/PID/mountinfo",
 * cgroup_namespaces(7).
 */
#ifndef LXCBOX_CORE_CGROUP_LAYOUT_H
#define LXCBOX_CORE_CGROUP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"
#include "core/base/mountinfo.h"

#define CGROUP_HIERARCHIES_MAX 20 /* the kernel's v1 controllers, a few named ones and v2 */

/* The numbers of LXC, which are sent over the command socket. */
enum cgroup_layout {
    CGROUP_UNKNOWN = -1, /* no usable hierarchy */
    CGROUP_LEGACY,       /* v1 only */
    CGROUP_HYBRID,       /* v1 and v2 */
    CGROUP_UNIFIED,      /* v2 only */
};

/* A mounted hierarchy. Strings are owned. */
struct cgroup_mount {
    bool unified;
    char *controllers; /* v1: "cpu,cpuacct" or "name=systemd" as in /proc/PID/cgroup; v2: "" */
    char *mount_point; /* NULL: not attached (a mount by cgroup_layout_read() for this process only) */
    char *root;        /* the cgroup at the mount point: "/" except for bind mounts */
    char *base;        /* the base, relative to the mount point: "" or "user.slice/a.scope" */
    int base_fd;       /* O_PATH directory of the base; -1 until cgroup_layout_read() */
    bool inside;       /* v2: this process is in the base (cgroup_layout_read() only) */
};

struct cgroup_mounts {
    struct cgroup_mount items[CGROUP_HIERARCHIES_MAX];
    size_t count;
};

#define cleanup_cgroup_mounts __attribute__((cleanup(cgroup_mounts_free)))
void cgroup_mounts_free(struct cgroup_mounts *m);

/*
 * The hierarchies in a mount table: for each one the first mount that shows the largest part. `controllers`
 * of a v1 hierarchy may be followed by mount options until cgroup_mounts_set_base(). 0, -ENOMEM, or -E2BIG
 * for more than CGROUP_HIERARCHIES_MAX. cgroup_mounts_read() reads the mount table of this process.
 */
int cgroup_mounts_find(const struct mountinfo *table, struct cgroup_mounts *out);
int cgroup_mounts_read(struct cgroup_mounts *out);

/*
 * Set the base of each mount from the text of a /proc/PID/cgroup file. Mounts without a cgroup of the process
 * in their visible part are removed. `escape`: a trailing "/init.scope" is removed, as LXC does for
 * containers started by root. 0 or -ENOMEM.
 */
int cgroup_mounts_set_base(struct cgroup_mounts *m, const char *text, size_t length, bool escape);

/* The path of the process's v2 cgroup in the text of its /proc/PID/cgroup; *length is 0 if there is none. */
const char *cgroup_v2_path(const char *text, size_t *length);

/*
 * Whether the v1 list `controllers` ("cpu,cpuacct", "name=systemd") contains `controller` ("cpu", "systemd").
 * Both "name=X" and "X" mean the named hierarchy X.
 */
bool cgroup_controllers_have(const char *controllers, const char *controller);

/*
 * Find the usable hierarchies: those whose base this process can write to. For root, the base is the cgroup
 * of init; with `relative` or for other users it is that of this process, as in LXC. `use`: a comma-separated
 * list of the only controllers to use (lxc.cgroup.use); NULL: all. On a host without any cgroup mount (a
 * rescue system), the v2 hierarchy is mounted for this process only. `refused` (may be NULL) is filled with
 * the first hierarchy that cannot be used and the reason. 0 or a negative errno with `err` filled; success
 * also if there is none.
 */
int cgroup_layout_read(bool relative, const char *use, struct cgroup_mounts *out, struct error *refused,
                       struct error *err);

enum cgroup_layout cgroup_layout_of(const struct cgroup_mounts *m);

#endif
