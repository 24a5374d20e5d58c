/*
 * The container's tree of files, assembled in a mount namespace of its own.
 *
 *     rootfs.h            lxc.rootfs.path: mounting it, and making it the root; read this next
 *     mounts.h            lxc.mount.entry and lxc.mount.fstab; mount_options.h: their fourth field
 *     automount.h         lxc.mount.auto: /proc, /sys and the cgroup tree
 *     dev.h               /dev with its nodes, its devpts and its terminals
 *     tree.h              mounts that are not attached anywhere yet
 *     image.h, loop.h     images of file systems; filesystem.h: which one an image holds
 *     systemd.h           which cgroups the systemd of a rootfs needs
 *
 * A path inside the tree is never a string behind a prefix: core/base/path.h opens it below a directory fd.
 */
#ifndef LXCBOX_CORE_MOUNT_MOUNT_H
#define LXCBOX_CORE_MOUNT_MOUNT_H
#endif
