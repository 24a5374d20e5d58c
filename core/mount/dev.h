/*
 * The container's /dev: lxc.autodev, lxc.pty.max, lxc.tty.max, lxc.tty.dir. lxc.container.conf(5).
 */
#ifndef LXCBOX_CORE_RUN_DEV_H
#define LXCBOX_CORE_RUN_DEV_H

#include "core/mount/rootfs.h"

/* A tmpfs on /dev, of lxc.autodev.tmpfs.size bytes (500000 unless set); nothing when lxc.autodev is off. */
int dev_mount(struct rootfs *r, const struct config *c, struct error *err);

/*
 * null zero full random urandom tty, mode 0666. Made with mknod(2); where that is refused, or makes nodes
 * that cannot be opened (a tmpfs mounted in a user namespace), bound from the host's /dev.
 */
int dev_fill(struct rootfs *r, const struct config *c, struct error *err);

/*
 * A devpts instance of the container's own on /dev/pts (gid 5 where that is mapped, mode 0620, ptmxmode 0666,
 * max lxc.pty.max + lxc.tty.max), its ptmx bound on /dev/ptmx. Nothing when both are 0 or there is no /dev.
 * Fills r->pts_fd.
 */
int dev_pts(struct rootfs *r, const struct config *c, struct error *err);

/*
 * Open a new pty of the container's devpts and bind its slave on /dev/NAME ("console", "tty1"), or with
 * lxc.tty.dir on /dev/DIR/NAME and from there on /dev/NAME. *ptmx is the end that the monitor keeps, *pts the
 * slave (both close-on-exec, no controlling terminal); either pointer may be NULL. Needs dev_pts.
 */
int dev_terminal(const struct rootfs *r, const struct config *c, const char *name, int *ptmx, int *pts,
                 struct error *err);

/* fd, stdin, stdout, stderr -> /proc/self/fd..., each unless something is there. */
int dev_links(const struct rootfs *r, struct error *err);

#endif
