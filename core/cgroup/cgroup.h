/*
 * The cgroups of a container in every hierarchy of the host: lxc.monitor.NAME for the monitor and
 * lxc.payload.NAME for the container, both beneath the base of the hierarchy (core/cgroup/layout.h); "-1",
 * "-2", ... is appended if a name is in use, as in LXC. Order of the calls in a start:
 *
 *     cgroup_open           find the hierarchies              (lxc-start, with the privileges of the caller)
 *     cgroup_create         make the directories of the payload
 *     clone3                init, with CLONE_INTO_CGROUP if cgroup_payload_fd() returns an fd
 *     cgroup_enter_payload  init enters its cgroups in the other hierarchies, as its first action
 *     cgroup_limit          lxc.cgroup.* and lxc.cgroup2.* except devices (at any later time)
 *     cgroup_create_monitor make the directories of the monitor, while init prepares its root
 *     cgroup_enter_monitor  the monitor enters them
 *     (init unshares CLONE_NEWCGROUP after that: its current cgroup becomes the root)
 *     cgroup_limit_devices  (the monitor) after init has created its device nodes
 *     ...
 *     cgroup_kill, cgroup_destroy   after init has ended
 *
 * Cloning into a cgroup (v2) and moving the own process by writing "0" to "tasks" (v1) take microseconds. All
 * other methods take a global kernel lock whose first user waits for an RCU grace period: about 5 to 10 ms,
 * several times the rest of a start. Therefore processes are not moved by other processes here, and the
 * process that calls these functions must be single-threaded. (Linux 5.5 and later:
 * cgroup_procs_write_start() in kernel/cgroup/cgroup.c; on earlier kernels every method is slow.)
 *
 * All operations use directory fds that are opened once. On a host without a usable hierarchy, count is 0;
 * then every call succeeds except those that request a limit or a controller.
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
    char *v2_controllers; /* v2: cgroup.controllers of the base, "cpuset cpu io memory pids", or "" */
    int monitor_fd;       /* v2: O_PATH directory; -1: does not exist */
    int limit_fd;         /* has the limits: lxc.cgroup.dir.container, else the payload itself */
    int payload_fd;       /* has the processes; the same fd as limit_fd if it is the same directory */
    int tasks_fd;         /* v1: the payload's file "tasks", open until the container has entered */
    bool has_monitor;     /* there is a cgroup for the monitor (v2: the monitor may stay in the base) */
    unsigned monitor_kept, limit_kept; /* leading path components that existed before */
};

struct cgroup {
    enum cgroup_layout layout;
    struct cgroup_hierarchy hierarchies[CGROUP_HIERARCHIES_MAX];
    size_t count;
    bool in_monitor;                 /* this process is in the monitor's cgroups */
    char *monitor, *limit, *payload; /* paths beneath the base: "lxc.payload.NAME"; NULL before they exist */
    char *pivot;                     /* where the monitor moves at the end; NULL: the base */
    struct device_rules devices;     /* the rules of the BPF program (hosts with v2 only) */
    int device_program;              /* fd, or -1 */
};

#define CGROUP_INIT                                                                                          \
    {                                                                                                        \
        .layout = CGROUP_UNKNOWN, .device_program = -1                                                       \
    }
#define cleanup_cgroup __attribute__((cleanup(cgroup_close)))

/* Find the hierarchies. 0 or a negative errno with `err` filled. */
int cgroup_open(struct cgroup *g, const struct config *c, struct error *err);

/* Close every fd and free the members; the cgroups themselves are kept. */
void cgroup_close(struct cgroup *g);

/*
 * Create the cgroups of the container. If the config maps ids and the caller is root, the container's root
 * becomes the owner of its cgroup. On a host without v1 the cgroup of the monitor is created, too, because
 * enabling the controllers may require that this process leaves the base. On failure, created cgroups are
 * removed. 0 or a negative errno with `err` filled.
 */
int cgroup_create(struct cgroup *g, const char *name, bool foreground, const struct config *c,
                  struct error *err);

/*
 * Create the cgroups of the monitor, which is this process, unless that has been done. In v2 it has its own
 * cgroup only on a host without v1, and not if it already is in the root of the hierarchy: the root may have
 * both processes and controllers, and the slow moves are avoided. In v1 a monitor in the foreground stays in
 * the cgroup of the user's shell, like any command in the foreground, unless lxc.cgroup.dir is set. 0 or a
 * negative errno with `err` filled.
 */
int cgroup_create_monitor(struct cgroup *g, const char *name, bool foreground, const struct config *c,
                          struct error *err);

/* The payload's v2 directory for clone3(2)'s CLONE_INTO_CGROUP, -1 without v2. The fd is borrowed. */
int cgroup_payload_fd(const struct cgroup *g);

/* Move this process into the monitor's cgroup in every hierarchy where there is one. */
int cgroup_enter_monitor(struct cgroup *g, struct error *err);

/*
 * Move a process into the payload's cgroup in every hierarchy (`cloned_into`: except v2). `pid` 0 is this
 * process, the fast method; it has the privileges of the process that called cgroup_create().
 */
int cgroup_enter_payload(struct cgroup *g, pid_t pid, bool cloned_into, struct error *err);

/*
 * For a container started by a user other than root: change the group of its cgroups to that of its root.
 * Only init can do this: it calls the function in the user namespace, between setresgid(2) to group 0 and
 * setresuid(2), when the owner of the cgroups is a member of that group. After a failure the container cannot
 * write to its cgroups, as without delegation.
 */
void cgroup_delegate_inside(const struct cgroup *g);

/*
 * Apply the limits. lxc.cgroup.* are for v1 hierarchies and ignored on a host with v2 only; lxc.cgroup2.* on
 * a host with v1, as in LXC (one config can be used on both kinds of hosts). A warning is logged for each
 * ignored line without a counterpart for this host.
 */
int cgroup_limit(struct cgroup *g, const struct config *c, struct error *err);
int cgroup_limit_devices(struct cgroup *g, const struct config *c, struct error *err);

/* Add a rule for a running container (COMMAND_ADD_BPF_DEVICE_CGROUP, lxc-cgroup, lxc-device). */
int cgroup_add_device(struct cgroup *g, const struct device_rule *rule, bool allow, struct error *err);

/*
 * The hierarchy that has a controller ("memory", "systemd"; NULL or "unified": v2; on a host with v2 only
 * also "devices" and "freezer"). NULL if there is none.
 */
const struct cgroup_hierarchy *cgroup_find(const struct cgroup *g, const char *controller);

/*
 * The payload's cgroup (`limit`: the cgroup with the limits) of a hierarchy as on the command socket,
 * relative to the root of the hierarchy: "/lxc.payload.NAME". The caller frees it; NULL when out of memory or
 * if the cgroup does not exist.
 */
char *cgroup_path(const struct cgroup *g, const struct cgroup_hierarchy *h, bool limit);

/*
 * Kill every process in the payload's cgroups and wait until they have ended, at most `timeout_ms` (-1: no
 * limit). 0, -ETIMEDOUT, or another negative errno with `err` filled.
 */
int cgroup_kill(struct cgroup *g, int timeout_ms, struct error *err);

/*
 * Remove the cgroups of the payload and of the monitor, and all cgroups that the container created in them.
 * This process moves from the monitor's cgroup to the base (or to lxc.pivot if v2 forbids processes in the
 * base, or to lxc.cgroup.dir.monitor.pivot). Remaining processes are killed. All hierarchies are processed
 * even if one fails. 0 or the first error.
 */
int cgroup_destroy(struct cgroup *g, struct error *err);

/* The same for the payload's cgroups only: a container that reboots gets new ones. */
int cgroup_destroy_payload(struct cgroup *g, struct error *err);

/* ---- On directory fds that a command has received from a monitor (command_cgroup_fds()) ---- */

/* The time that processes have to freeze: a process first finishes its current system call. */
#define CGROUP_FREEZE_MS 10000

/*
 * Freeze or thaw a v1 freezer cgroup or any v2 cgroup, and wait until it is done. `timeout_ms` 0: do not
 * wait. 0, -ETIMEDOUT (processes that did not freeze in time are thawed again), or another negative errno
 * with `err` filled.
 */
int cgroup_freeze_fd(int fd, bool freeze, int timeout_ms, struct error *err);

/* Whether the cgroup is frozen: 1, 0, or a negative errno. */
int cgroup_frozen_fd(int fd);

/*
 * Move a process into the cgroups (lxc-attach); `pid` 0 is this process, the fast method. `cloned_into`:
 * except v2, which clone3 has handled. If v2 rejects the process because the container has enabled
 * controllers for child cgroups (clone3 then fails with EBUSY), the process enters a child cgroup ".lxc", as
 * in LXC.
 */
int cgroup_enter_fds(const int *fds, size_t count, pid_t pid, bool cloned_into, struct error *err);

/* The fd of the v2 cgroup, for CLONE_INTO_CGROUP; -1 if there is none. */
int cgroup_v2_fd(const int *fds, size_t count);

/* Read a file, as file_read() does, that is the cgroup's and nothing mounted in its place. */
int cgroup_file_read(int dirfd, const char *file, size_t max, char **out);

/* Read or write a file in the first of the cgroups that has it: "memory.max", "cpuset.cpus". */
int cgroup_get_value(const int *fds, size_t count, const char *file, char **value, struct error *err);
int cgroup_set_value(const int *fds, size_t count, const char *file, const char *value, struct error *err);

/* Resource usage of a container; -1 if the host does not count it. */
struct cgroup_statistics {
    int64_t memory_bytes;
    int64_t kernel_memory_bytes;
    int64_t cpu_ns;
    int64_t block_io_bytes; /* read and written */
};

/* Read the values for lxc-info and lxc-ls from any set of a container's cgroup fds. Never fails. */
void cgroup_read_statistics(const int *fds, size_t count, struct cgroup_statistics *out);

/* Additional values for lxc-top; -1 likewise. */
struct cgroup_details {
    int64_t cpu_user_us, cpu_system_us;
    int64_t block_read_bytes, block_written_bytes;
    int64_t block_operations;  /* v1 only: stock lxc-top prints none for v2 */
    int64_t memory_swap_bytes; /* v1: memory and swap together; v2: swap */
};

void cgroup_read_details(const int *fds, size_t count, struct cgroup_details *out);

#endif
