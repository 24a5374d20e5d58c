/*
 * The file tree of a container, which is set up in a separate mount namespace.
 *
 *     rootfs.h            lxc.rootfs.path: mounting it and making it the root; read this header next
 *     mounts.h            lxc.mount.entry and lxc.mount.fstab; mount_options.h: their fourth field
 *     mount_auto.h        lxc.mount.auto: /proc, /sys and the cgroup tree
 *     dev.h               /dev with its nodes, its devpts and its terminals
 *     place.h             mounting on a file or directory of the rootfs by its fd
 *     tree.h              detached mounts
 *     image.h             file system images; loop_device.h: the loop devices for them
 *     filesystem.h        detecting the file system of an image
 *     systemd.h           the cgroup version that the systemd of a rootfs requires
 *
 * A path in the tree is never a string after a prefix: it is opened relative to a directory fd
 * (core/base/path.h).
 */
#ifndef LXCBOX_CORE_MOUNT_MOUNT_H
#define LXCBOX_CORE_MOUNT_MOUNT_H
#endif
