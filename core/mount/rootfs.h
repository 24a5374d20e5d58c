/*
 * The file tree of a container: it is set up in the mount namespace of the child and becomes the root.
 *
 * These functions run in the child, after clone and after it has become root of its user namespace. The tree
 * of the host is visible until rootfs_enter(). This is the order of the steps in child.c; steps marked (host)
 * are not in this module:
 *
 *      limits_time           lxc.time.offset: a new time namespace
 *      rootfs_isolate        later mounts do not propagate to the host
 *      (host)                hooks pre-mount
 *      rootfs_mount          the rootfs is mounted, rootfs->fd is its root
 *      dev_mount             lxc.autodev: a tmpfs on /dev
 *      mount_auto_system     lxc.mount.auto proc, sys
 *      mounts_apply          lxc.mount.fstab, lxc.mount.entry and lxc.mount.auto shmounts
 *      mount_auto_cgroup     lxc.mount.auto cgroup: after entries, which may have mounted /sys
 *      (host)                hooks mount
 *      rootfs_check          no hook has mounted over the rootfs
 *      (host)                hooks autodev
 *      dev_fill              lxc.autodev: nodes
 *      dev_pts               a new devpts, /dev/ptmx
 *      dev_terminal          for the console and for each tty; returns the ends for the monitor
 *      dev_links             fd, stdin, stdout, stderr
 *      mount_auto_boot_id    lxc.autodev: a new boot id
 *      rootfs_enter          pivot_root; the tree of the host is unmounted
 *      personality_set       lxc.arch
 *      limits_sysctl         lxc.sysctl.*
 *      lsm_keyring           lxc.selinux.context.keyring
 *      limits_keyring        lxc.keyring.session: a new session keyring
 *      caps_apply            bounding set
 *      lsm_prepare           the label for exec
 *      limits_no_new_privs   after the label, which it would forbid
 *      seccomp_load          last, so that the profile does not have to allow the steps above
 *      rootfs_close          the fds; then hooks start, environment, setsid, terminal, uid, exec
 *
 * The monitor, before the child continues: idmap_write(pid), rootfs_prepare(pid); before exec:
 * limits_prlimit(pid), limits_proc(pid), limits_core(pid). A process that attaches: sealed_reexec() first;
 * then, in the namespaces, personality_set, caps_limit, lsm_prepare, limits_no_new_privs, seccomp_load.
 *
 * The tree is not trusted: every path in it is resolved by rootfs_open() from rootfs->fd, and mounts use the
 * fd (place.h), so that a link cannot redirect a mount.
 */
#ifndef LXCBOX_CORE_MOUNT_ROOTFS_H
#define LXCBOX_CORE_MOUNT_ROOTFS_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/config.h"
#include "core/base/message.h"

struct mount_options; /* core/mount/mounts.h */

struct rootfs {
    int fd;       /* O_PATH: root of the container's tree; -1 until rootfs_mount */
    int dev_fd;   /* O_PATH: its /dev; -1: none */
    int pts_fd;   /* O_PATH: its devpts; -1 until dev_pts */
    int proc_fd;  /* O_PATH: the host's /proc, which a container cannot fake; valid also after rootfs_enter */
    char *path;   /* its mount point, LXC_ROOTFS_MOUNT of hooks; "/" without lxc.rootfs.path */
    char *source; /* lxc.rootfs.path without its type; "" for an overlay and the host */
    const char *home; /* LXCPATH/NAME/rootfs, another allowed prefix of mount targets; NULL: none */
    bool is_host;     /* no lxc.rootfs.path: the tree of the host is used, and rootfs_enter does nothing */
    struct fd_list prepared; /* from rootfs_prepare, received with SYNC_GO */
    size_t used;             /* number of prepared fds that are used */
    char *shmounts; /* lxc.mount.auto = shmounts: its mount point, relative to the container's root */
};

#define ROOTFS_INIT                                                                                          \
    {                                                                                                        \
        .fd = -1, .dev_fd = -1, .pts_fd = -1, .proc_fd = -1                                                  \
    }
#define cleanup_rootfs __attribute__((cleanup(rootfs_close)))

/* The mount point of a rootfs without a directory, in the mount namespace of the container. */
#define ROOTFS_PLACE "/run/lxc/rootfs"

enum rootfs_type {
    ROOTFS_HOST,
    ROOTFS_DIR,      /* a directory (rootfs_source_resolve() detects an image file or a block device) */
    ROOTFS_OVERLAY,  /* layered directories */
    ROOTFS_IMAGE,    /* an image file or a block device with any file system */
    ROOTFS_ZFS,      /* a dataset */
    ROOTFS_SQUASHFS, /* a read-only image, and a directory over it */
};

/* The parsed lxc.rootfs.path. */
struct rootfs_source {
    enum rootfs_type type;
    char *path;  /* ROOTFS_OVERLAY: the lower directories, colon-separated, lowest last */
    char *upper; /* ROOTFS_OVERLAY; ROOTFS_SQUASHFS: NULL: changes are kept in memory */
};

#define cleanup_rootfs_source __attribute__((cleanup(rootfs_source_free)))
void rootfs_source_free(struct rootfs_source *s);

/*
 *      /PATH, dir:/PATH            a directory; without "dir:" also an image file or a block device
 *      btrfs:/PATH                 a subvolume, which is a directory
 *      overlay:LOWER:UPPER         directories; also "overlayfs:", several lower ones "L1:L2:UPPER"
 *      loop:/FILE, lvm:/DEVICE     an image file, a block device
 *      zfs:DATASET                 mounted by the zfs module of the kernel
 *      squashfs:/FILE[:/UPPER]     an image below a directory for the changes, or below a tmpfs
 *
 * NULL or empty: the tree of the host. rbd: and nbd: are rejected with an alternative, unknown types by name.
 * The struct is filled, and must be freed, only on success. 0, -ENOTSUP, -EINVAL, -ENOMEM.
 */
int rootfs_source_parse(const char *text, struct rootfs_source *out, struct error *err);

/*
 * Check the source: a ROOTFS_DIR that is a file or a block device becomes a ROOTFS_IMAGE. A source that does
 * not exist is not changed.
 */
void rootfs_source_resolve(struct rootfs_source *s);

/*
 * Whether it is the root directory of the host, under any name, which cannot be mounted on itself and become
 * the root.
 */
bool rootfs_source_is_root(const struct rootfs_source *s);

/*
 * Called by the monitor after the ids of `child` are mapped and before it continues: create the mounts that
 * only the monitor can create, as detached trees (core/mount/tree.h): a rootfs on an image or a block device
 * if the container has a user namespace, and mounts with the option idmap=. Usually there are none. They are
 * sent with SYNC_GO into rootfs->prepared, and end with their fds. -E2BIG for more than 20.
 */
int rootfs_prepare(const struct config *c, pid_t child, struct fd_list *out, struct error *err);

/* Whether the monitor prepares the rootfs; used by both sides. */
bool rootfs_is_prepared(const struct config *c, const struct rootfs_source *s, const struct mount_options *o);

/* The next prepared tree, which is owned by `rootfs`; -ENOENT if there is none left. */
int rootfs_next_prepared(struct rootfs *rootfs);

/*
 * Make every mount of this mount namespace a slave, so that mounts do not propagate to the host, but unmounts
 * of the host still propagate here. mount_namespaces(7).
 */
int rootfs_isolate(struct error *err);

/*
 * Mount the rootfs on lxc.rootfs.mount if it is set, else on the rootfs directory itself (the upper directory
 * of an overlay), so that no other directory of the host is required. A rootfs without a directory, or the
 * host's root, is mounted on /run/lxc/rootfs, which is created. Applies lxc.rootfs.options. Fills `rootfs`,
 * which must be ROOTFS_INIT.
 */
int rootfs_mount(const struct config *c, struct rootfs *rootfs, struct error *err);

/* Is rootfs->path still the mounted tree? -EINVAL if it was mounted over. */
int rootfs_check(const struct rootfs *rootfs, struct error *err);

/*
 * Make it the root (pivot_root(2), "." onto "."), unmount the host's tree, and make the new tree a separate
 * peer group, as on a newly booted machine with systemd. If the host's root is the initial ramfs, which does
 * not support pivot_root, the tree is moved over "/" and becomes the root by chroot(2).
 */
int rootfs_enter(struct rootfs *rootfs, struct error *err);

void rootfs_close(struct rootfs *rootfs);

#endif
