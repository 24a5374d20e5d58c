/*
 * The container's tree: assembled in the child's own mount namespace, then made its root.
 *
 * Everything here runs in the child, after clone and after it became root of its user namespace, with the
 * host's tree still in sight until rootfs_enter(). The order, which child.c follows step by step; a step
 * marked (host) is not ours:
 *
 *      rootfs_isolate        nothing mounted from here on reaches the host
 *      (host)                hooks pre-mount
 *      rootfs_mount          the rootfs is mounted at its place, rootfs->fd is its root
 *      dev_mount             lxc.autodev: a tmpfs on /dev
 *      automount_system      lxc.mount.auto proc, sys
 *      mounts_apply          lxc.mount.fstab and lxc.mount.entry
 *      automount_cgroup      lxc.mount.auto cgroup: after entries, which may have brought /sys
 *      (host)                hooks mount
 *      rootfs_check          no hook has mounted over the rootfs
 *      (host)                hooks autodev
 *      dev_fill              lxc.autodev: nodes
 *      dev_pts               a devpts of its own, /dev/ptmx
 *      dev_terminal          once for the console, once for each tty; gives the ends the monitor keeps
 *      dev_links             fd, stdin, stdout, stderr
 *      automount_boot_id     lxc.autodev: a boot id of its own
 *      rootfs_enter          pivot_root; the host's tree is gone
 *      personality_set       lxc.arch
 *      limits_sysctl         lxc.sysctl.*
 *      caps_apply            bounding set
 *      lsm_prepare           the label that exec will take
 *      limits_no_new_privs   after the label, which it would forbid
 *      seccomp_load          last of the confinement, so that no step above needs an allowance in the profile
 *      rootfs_close          the fds; then hooks start, environment, setsid, terminal, uid, exec
 *
 * The monitor, before it lets the child go: idmap_write(pid); before exec: limits_prlimit(pid),
 * limits_proc(pid). A process that attaches: sealed_reexec() first of all; then, inside the namespaces,
 * personality_set, caps_limit, lsm_prepare, limits_no_new_privs, seccomp_load.
 *
 * The tree is hostile: every path in it is resolved by rootfs_open() from rootfs->fd and mounted upon through
 * the fd (/proc/self/fd/N), so no link in it leads a mount elsewhere.
 */
#ifndef LXCBOX_CORE_RUN_ROOTFS_H
#define LXCBOX_CORE_RUN_ROOTFS_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/config.h"

struct rootfs {
    int fd;       /* O_PATH: root of the container's tree; -1 until rootfs_mount */
    int dev_fd;   /* O_PATH: its /dev; -1 until there is one */
    int pts_fd;   /* O_PATH: its devpts; -1 until dev_pts */
    int proc_fd;  /* O_PATH: the host's /proc, which a container cannot fake; usable after rootfs_enter too */
    char *path;   /* where it is mounted: LXC_ROOTFS_MOUNT of hooks; "/" without lxc.rootfs.path */
    bool is_host; /* no lxc.rootfs.path: the host's own tree is used, and rootfs_enter does nothing */
};

#define ROOTFS_INIT                                                                                          \
    {                                                                                                        \
        -1, -1, -1, -1, NULL, false                                                                          \
    }
#define cleanup_rootfs __attribute__((cleanup(rootfs_close)))

enum rootfs_type { ROOTFS_HOST, ROOTFS_DIR, ROOTFS_OVERLAY };

/* lxc.rootfs.path taken apart. */
struct rootfs_source {
    enum rootfs_type type;
    char *path;  /* ROOTFS_DIR: the folder; ROOTFS_OVERLAY: the lower folders, colon-separated, lowest last */
    char *upper; /* ROOTFS_OVERLAY */
};

#define cleanup_rootfs_source __attribute__((cleanup(rootfs_source_free)))
void rootfs_source_free(struct rootfs_source *s);

/*
 * "/path", "dir:/path", "overlay:LOWER:UPPER" (also "overlayfs:"; several lowers "L1:L2:UPPER"); NULL or
 * empty: the host's tree. Other types (lvm:, zfs:, loop:, ...) are refused by name. The struct is filled and
 * to be freed only on success. 0, -ENOTSUP, -EINVAL, -ENOMEM.
 */
int rootfs_source_parse(const char *text, struct rootfs_source *out, struct error *err);

/*
 * Make every mount of this mount namespace a slave, so that what is mounted here stays here while the host's
 * unmounts still arrive. mount_namespaces(7).
 */
int rootfs_isolate(struct error *err);

/*
 * Mount the rootfs: on lxc.rootfs.mount where that is set, else on the rootfs folder itself (the upper folder
 * of an overlay), so the host needs no folder for it. Applies lxc.rootfs.options. Fills `r`, which starts as
 * ROOTFS_INIT.
 */
int rootfs_mount(const struct config *c, struct rootfs *r, struct error *err);

/* Is r->path still the tree that was mounted there? Else -EINVAL: something was mounted over it. */
int rootfs_check(const struct rootfs *r, struct error *err);

/*
 * Make it the root (pivot_root(2), "." onto "."), let go of the host's tree, and make the new tree a peer
 * group of its own, as on a freshly booted machine under systemd. Where the host's root is the initial
 * ramfs, which cannot be pivoted, the tree is moved over "/" and chrooted into instead.
 */
int rootfs_enter(struct rootfs *r, struct error *err);

void rootfs_close(struct rootfs *r);

/*
 * mount(2) upon the file or folder that target_fd refers to, whatever its path has become. 0 or negative
 * errno. `type` and `data` may be NULL.
 */
int mount_on(int target_fd, const char *source, const char *type, unsigned long flags, const char *data);
/* Bind what source_fd refers to. */
int mount_bind(int source_fd, int target_fd, bool recursive);
/*
 * Set the flags (MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME, ...) of the mount whose root `fd`
 * refers to: all of them, a missing one is cleared. fd must have been opened after the mount.
 */
int mount_set_flags(int fd, unsigned long flags);

#endif
