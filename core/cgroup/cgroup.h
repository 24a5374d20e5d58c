/*
 * A container's cgroups, in every hierarchy of the host: lxc.monitor.NAME holds the monitor, lxc.payload.NAME
 * the container, both beneath the hierarchy's base (core/cgroup/layout.h); "-1", "-2", ... is appended when a
 * name is taken, as LXC does. Order of the calls in a start:
 *
 *     cgroup_open           find the hierarchies              (lxc-start, with the caller's rights)
 *     cgroup_create         make all directories
 *     cgroup_enter_monitor  the monitor moves itself in, in the other hierarchies
 *     cgroup_limit          lxc.cgroup.* and lxc.cgroup2.* but for devices (at any time from here on)
 *     clone3                init, with CLONE_INTO_CGROUP where cgroup_payload_fd() gives an fd
 *     cgroup_enter_payload  init moves itself in, in the other hierarchies, first of all that it does
 *     (init unshares CLONE_NEWCGROUP now, not before: its root is where it is when it does so)
 *     cgroup_limit_devices  (the monitor) once init has made its device nodes
 *     ...
 *     cgroup_kill, cgroup_destroy   when init is gone
 *
 * Being born in a cgroup (v2) and moving oneself by writing "0" to "tasks" (v1) cost microseconds. Every
 * other way in takes a kernel-wide lock whose first taker waits for an RCU grace period: some 5 to 10 ms,
 * several times what all else in a start takes. So processes are not moved by others here, and neither call
 * may be made by a process with more than one thread. (Linux since 5.5: cgroup_procs_write_start() in
 * kernel/cgroup/cgroup.c; earlier ones are slow in every way.)
 *
 * Everything works through directory fds opened once. A host where we may use no hierarchy gives a struct
 * with count 0, on which every call succeeds but those asked for a limit or a controller.
 */
#ifndef LXCBOX_CORE_CGROUP_CGROUP_H
#define LXCBOX_CORE_CGROUP_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/cgroup/devices.h"
#include "core/cgroup/layout.h"
#include "core/config/config.h"

struct cgroup_hierarchy {
    struct cgroup_mount mount;
    char *v2_controllers; /* v2: the base's cgroup.controllers, "cpuset cpu io memory pids", or "" */
    int monitor_fd;       /* v2: O_PATH directory; -1 where not made */
    int limit_fd;         /* carries the limits: lxc.cgroup.dir.container, else the payload itself */
    int payload_fd;       /* holds the processes; the same fd where it is the limit's directory */
    int tasks_fd;         /* v1: the payload's file "tasks", open until the container is in */
    bool has_monitor;     /* there is a cgroup for the monitor (v2: it may live in the base) */
    unsigned monitor_kept, limit_kept; /* leading path components that were there before us */
};

struct cgroup {
    enum cgroup_layout layout;
    struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
    size_t count;
    bool in_monitor;                 /* this process is in the monitor's cgroups */
    char *monitor, *limit, *payload; /* paths beneath the base: "lxc.payload.NAME"; NULL before they exist */
    char *pivot;                     /* where the monitor goes in the end; NULL: the base */
    struct device_rules devices;     /* what the BPF program says (v2 only hosts) */
    int device_program;              /* fd, or -1 */
};

#define CGROUP_INIT                                                                                          \
    {                                                                                                        \
        .layout = CGROUP_UNKNOWN, .device_program = -1                                                       \
    }
#define cleanup_cgroup __attribute__((cleanup(cgroup_close)))

/* Find the hierarchies. 0 or a negative errno with `err` filled. */
int cgroup_open(struct cgroup *g, const struct config *c, struct error *err);

/* Close every fd, free everything; the cgroups themselves stay. */
void cgroup_close(struct cgroup *g);

/*
 * Make the monitor's and the container's cgroups; where the config maps ids and we are root, the container's
 * root is given its own. The monitor is this process. In v2 it has a cgroup only on a host without v1, and
 * not if it is in the hierarchy's root already: that may have both processes and controllers, and staying
 * there spares the slow way in and out. In v1 a monitor in the foreground stays where the person's shell has
 * it, like any command in the foreground, unless lxc.cgroup.dir says otherwise. On failure everything made is
 * removed again. 0 or a negative errno with `err` filled.
 */
int cgroup_create(struct cgroup *g, const char *name, bool foreground, const struct config *c,
                  struct error *err);

/* The payload's v2 directory for clone3(2)'s CLONE_INTO_CGROUP, -1 where there is no v2. Borrowed. */
int cgroup_payload_fd(const struct cgroup *g);

/* Move this process into the monitor's cgroup in every hierarchy where it has one. */
int cgroup_enter_monitor(struct cgroup *g, struct error *err);

/*
 * Move a process into the payload's cgroup in every hierarchy (`cloned_into`: but v2). `pid` 0 is this
 * process itself, the quick way; it works with the rights of the process that called cgroup_create().
 */
int cgroup_enter_payload(struct cgroup *g, pid_t pid, bool cloned_into, struct error *err);

/*
 * For a container that another than root starts: its cgroups become those of its root's group. No process but
 * init can do that: call it there, in the user namespace, between setresgid(2) to group 0 and setresuid(2),
 * when the owner of the cgroups is a member of that group. What fails leaves the container without cgroups of
 * its own, as where nothing was delegated.
 */
void cgroup_give_inside(const struct cgroup *g);

/*
 * Apply the limits. lxc.cgroup.* are for v1 hierarchies and ignored on a host with v2 only; lxc.cgroup2.* the
 * other way round, as LXC does (one config serves both kinds of host). A warning names each line that is
 * ignored and has no counterpart for this host.
 */
int cgroup_limit(struct cgroup *g, const struct config *c, struct error *err);
int cgroup_limit_devices(struct cgroup *g, const struct config *c, struct error *err);

/* One more rule for a running container (COMMAND_ADD_BPF_DEVICE_CGROUP, lxc-cgroup, lxc-device). */
int cgroup_add_device(struct cgroup *g, const struct device_rule *rule, bool allow, struct error *err);

/*
 * Which hierarchy has a controller ("memory", "systemd"; NULL or "unified": v2; on a v2 only host also
 * "devices" and "freezer"). NULL when there is none.
 */
const struct cgroup_hierarchy *cgroup_find(const struct cgroup *g, const char *controller);

/*
 * The payload's (`limit`: the limiting) cgroup of a hierarchy as the command socket names it, beneath the
 * hierarchy's root: "/lxc.payload.NAME". The caller frees it; NULL when out of memory or not created.
 */
char *cgroup_path(const struct cgroup *g, const struct cgroup_hierarchy *h, bool limit);

/* Kill every process in the payload's cgroups and wait until they are gone, at most `timeout_ms` (-1: for
 * ever). 0, -ETIMEDOUT, or another negative errno with `err` filled. */
int cgroup_kill(struct cgroup *g, int timeout_ms, struct error *err);

/*
 * Remove the payload's and the monitor's cgroups with all that the container made beneath. This process
 * leaves the monitor's cgroup for the base (or lxc.pivot beside it, where v2 forbids processes there; or what
 * lxc.cgroup.dir.monitor.pivot says).
 * Processes that are left are killed. All are tried even if one fails. 0 or the first error.
 */
int cgroup_destroy(struct cgroup *g, struct error *err);

/* The same for the payload's alone: a container that reboots gets new ones. */
int cgroup_destroy_payload(struct cgroup *g, struct error *err);

/* ---- On directory fds, for commands that got them from a monitor (command_cgroup_fds()) ---- */

/* How long processes get to freeze: those that are in the middle of a system call finish it first. */
#define CGROUP_FREEZE_MS 10000

/*
 * Freeze or thaw a v1 freezer cgroup or any v2 cgroup, and wait until it is done. `timeout_ms` 0: do not
 * wait. 0, -ETIMEDOUT (what did not freeze in time is thawed again), or another negative errno with `err`
 * filled.
 */
int cgroup_freeze_fd(int fd, bool freeze, int timeout_ms, struct error *err);

/* Whether it is frozen: 1, 0, or a negative errno. */
int cgroup_frozen_fd(int fd);

/*
 * Move a process into the cgroups (lxc-attach); `pid` 0 is this one, the quick way. `cloned_into`: but v2,
 * where clone3 put it. Where v2 refuses because the container has given controllers to its own children
 * (clone3 says EBUSY then), the process goes into a leaf ".lxc" of it, as LXC's does.
 */
int cgroup_enter_fds(const int *fds, size_t count, pid_t pid, bool cloned_into, struct error *err);

/* The fd of the v2 cgroup among them, for CLONE_INTO_CGROUP; -1 without. */
int cgroup_v2_fd(const int *fds, size_t count);

/* Read or write a file of whichever of the cgroups has it: "memory.max", "cpuset.cpus". */
int cgroup_get_value(const int *fds, size_t count, const char *file, char **value, struct error *err);
int cgroup_set_value(const int *fds, size_t count, const char *file, const char *value, struct error *err);

/* What a container uses; -1 where the host does not count it. */
struct cgroup_statistics {
    int64_t memory_bytes;
    int64_t kernel_memory_bytes;
    int64_t cpu_ns;
    int64_t block_io_bytes; /* read and written */
};

/* Read what lxc-info and lxc-ls show, from any set of a container's cgroup fds. Never fails. */
void cgroup_read_statistics(const int *fds, size_t count, struct cgroup_statistics *out);

/* What lxc-top shows besides; -1 likewise. */
struct cgroup_details {
    int64_t cpu_user_us, cpu_system_us;
    int64_t block_read_bytes, block_written_bytes;
    int64_t block_operations;  /* v1's; stock's lxc-top has none for v2 */
    int64_t memory_swap_bytes; /* v1: memory and swap together; v2: swap */
};

void cgroup_read_details(const int *fds, size_t count, struct cgroup_details *out);

#endif
