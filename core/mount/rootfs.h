/*
 * The container's tree: assembled in the child's own mount namespace, then made its root.
 *
 * Everything here runs in the child, after clone and after it became root of its user namespace, with the
 * host's tree still in sight until rootfs_enter(). The order, which child.c follows step by step; a step
 * marked (host) is not ours:
 *
 *      limits_time           lxc.time.offset: a time namespace of its own
 *      rootfs_isolate        nothing mounted from here on reaches the host
 *      (host)                hooks pre-mount
 *      rootfs_mount          the rootfs is mounted at its place, rootfs->fd is its root
 *      dev_mount             lxc.autodev: a tmpfs on /dev
 *      automount_system      lxc.mount.auto proc, sys
 *      mounts_apply          lxc.mount.fstab, lxc.mount.entry and lxc.mount.auto shmounts
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
 *      lsm_keyring           lxc.selinux.context.keyring
 *      limits_keyring        lxc.keyring.session: a session keyring of its own
 *      caps_apply            bounding set
 *      lsm_prepare           the label that exec will take
 *      limits_no_new_privs   after the label, which it would forbid
 *      seccomp_load          last of the confinement, so that no step above needs an allowance in the profile
 *      rootfs_close          the fds; then hooks start, environment, setsid, terminal, uid, exec
 *
 * The monitor, before it lets the child go: idmap_write(pid), rootfs_prepare(pid); before exec:
 * limits_prlimit(pid), limits_proc(pid), limits_core(pid). A process that attaches: sealed_reexec() first of
 * all; then, inside the namespaces, personality_set, caps_limit, lsm_prepare, limits_no_new_privs,
 * seccomp_load.
 *
 * The tree is hostile: every path in it is resolved by rootfs_open() from rootfs->fd and mounted upon through
 * the fd (/proc/self/fd/N), so no link in it leads a mount elsewhere.
 */
#ifndef LXCBOX_CORE_RUN_ROOTFS_H
#define LXCBOX_CORE_RUN_ROOTFS_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/config.h"
#include "core/base/message.h"

struct mount_options; /* core/mount/mounts.h */

struct rootfs {
    int fd;       /* O_PATH: root of the container's tree; -1 until rootfs_mount */
    int dev_fd;   /* O_PATH: its /dev; -1 until there is one */
    int pts_fd;   /* O_PATH: its devpts; -1 until dev_pts */
    int proc_fd;  /* O_PATH: the host's /proc, which a container cannot fake; usable after rootfs_enter too */
    char *path;   /* where it is mounted: LXC_ROOTFS_MOUNT of hooks; "/" without lxc.rootfs.path */
    char *source; /* lxc.rootfs.path without its type; "" for an overlay and the host */
    const char *home; /* LXCPATH/NAME/rootfs, where targets of mounts may name the tree too; NULL: nowhere */
    bool is_host;     /* no lxc.rootfs.path: the host's own tree is used, and rootfs_enter does nothing */
    struct fd_list prepared; /* from rootfs_prepare, which came with SYNC_GO */
    size_t used;             /* of them */
    char *shmounts;          /* lxc.mount.auto = shmounts: where it is mounted, from the container's root */
};

#define ROOTFS_INIT                                                                                          \
    {                                                                                                        \
        .fd = -1, .dev_fd = -1, .pts_fd = -1, .proc_fd = -1                                                  \
    }
#define cleanup_rootfs __attribute__((cleanup(rootfs_close)))

/* Where a rootfs without a folder is mounted, in the container's own mount namespace. */
#define ROOTFS_PLACE "/run/lxc/rootfs"

enum rootfs_type {
    ROOTFS_HOST,
    ROOTFS_DIR,      /* a folder, or what is found to be an image file or a block device */
    ROOTFS_OVERLAY,  /* folders over each other */
    ROOTFS_IMAGE,    /* an image file or a block device with a file system of any kind on it */
    ROOTFS_ZFS,      /* a dataset */
    ROOTFS_SQUASHFS, /* an image that is only read, and a folder over it */
};

/* lxc.rootfs.path taken apart. */
struct rootfs_source {
    enum rootfs_type type;
    char *path;  /* ROOTFS_OVERLAY: the lower folders, colon-separated, lowest last */
    char *upper; /* ROOTFS_OVERLAY; ROOTFS_SQUASHFS: NULL where changes are kept in memory */
};

#define cleanup_rootfs_source __attribute__((cleanup(rootfs_source_free)))
void rootfs_source_free(struct rootfs_source *s);

/*
 *      /PATH, dir:/PATH            a folder; without "dir:" also an image file or a block device
 *      btrfs:/PATH                 a subvolume, which is a folder
 *      overlay:LOWER:UPPER         folders; also "overlayfs:", several lowers "L1:L2:UPPER"
 *      loop:/FILE, lvm:/DEVICE     an image file, a block device
 *      zfs:DATASET                 mounted by the kernel's own zfs
 *      squashfs:/FILE[:/UPPER]     an image under a folder that takes the changes, or under a tmpfs
 *
 * NULL or empty: the host's tree. rbd: and nbd: are refused with what to do instead, others by name. The
 * struct is filled and to be freed only on success. 0, -ENOTSUP, -EINVAL, -ENOMEM.
 */
int rootfs_source_parse(const char *text, struct rootfs_source *out, struct error *err);

/*
 * Look at what is there: a ROOTFS_DIR that is a file or a block device becomes a ROOTFS_IMAGE. A source that
 * does not exist stays as it is.
 */
void rootfs_source_resolve(struct rootfs_source *s);

/* Is it the root of the host's tree, by whatever name? That cannot be mounted on itself and made the root. */
bool rootfs_source_is_root(const struct rootfs_source *s);

/*
 * In the monitor, once the ids of `child` are mapped and before it is let go: the mounts that only the
 * monitor may make, as detached trees (core/mount/tree.h). That is a rootfs on an image or a block device
 * where the container has a user namespace, and whatever has the option idmap=. Usually there are none. They
 * are to be sent beside SYNC_GO into r->prepared, and vanish with their fds. -E2BIG for more than 20.
 */
int rootfs_prepare(const struct config *c, pid_t child, struct fd_list *out, struct error *err);

/* Does the rootfs come prepared? For both sides to agree on. */
bool rootfs_is_prepared(const struct config *c, const struct rootfs_source *s, const struct mount_options *o);

/* The next of the prepared trees, which stays r's; -ENOENT when there is none left. */
int rootfs_next_prepared(struct rootfs *r);

/*
 * Make every mount of this mount namespace a slave, so that what is mounted here stays here while the host's
 * unmounts still arrive. mount_namespaces(7).
 */
int rootfs_isolate(struct error *err);

/*
 * Mount the rootfs: on lxc.rootfs.mount where that is set, else on the rootfs folder itself (the upper folder
 * of an overlay), so the host needs no directory for it; what has no directory, and the host's root, goes on
 * /run/lxc/rootfs, which is made. Applies lxc.rootfs.options. Fills `r`, which starts as ROOTFS_INIT.
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
/* Move the mount whose root source_fd refers to. */
int mount_move(int source_fd, int target_fd);
/*
 * Set the flags (MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME, ...) of the mount whose root `fd`
 * refers to: all of them, a missing one is cleared. fd must have been opened after the mount.
 */
int mount_set_flags(int fd, unsigned long flags);

#endif
