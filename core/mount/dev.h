/*
 * The container's /dev: lxc.autodev, lxc.pty.max, lxc.tty.max, lxc.tty.dir. lxc.container.conf(5).
 */
#ifndef LXCBOX_CORE_MOUNT_DEV_H
#define LXCBOX_CORE_MOUNT_DEV_H

#include "core/mount/rootfs.h"

/* Mount a tmpfs of lxc.autodev.tmpfs.size bytes (default 500000) on /dev; no effect if lxc.autodev is off. */
int dev_mount(struct rootfs *rootfs, const struct config *c, struct error *err);

/*
 * Create null, zero, full, random, urandom and tty with mode 0666, with mknod(2). If that fails, or the nodes
 * cannot be opened (a tmpfs mounted in a user namespace), bind those of the host's /dev.
 */
int dev_fill(struct rootfs *rootfs, const struct config *c, struct error *err);

/*
 * Mount a new devpts instance on /dev/pts (gid 5 if that is mapped, mode 0620, ptmxmode 0666, max lxc.pty.max
 * + lxc.tty.max) and bind its ptmx on /dev/ptmx. No effect if both are 0 or there is no /dev. Fills
 * rootfs->pts_fd.
 */
int dev_pts(struct rootfs *rootfs, const struct config *c, struct error *err);

/*
 * Open a new pty of the container's devpts and bind its slave on /dev/NAME ("console", "tty1"), with
 * lxc.tty.dir also on /dev/DIR/NAME. *ptmx is the master, which the monitor keeps, *pts the slave (both
 * close-on-exec, not a controlling terminal); either pointer may be NULL. Requires dev_pts().
 */
int dev_terminal(const struct rootfs *rootfs, const struct config *c, const char *name, int *ptmx, int *pts,
                 struct error *err);

/* fd, stdin, stdout, stderr -> /proc/self/fd..., each unless it exists. */
int dev_links(const struct rootfs *rootfs, struct error *err);

#endif
