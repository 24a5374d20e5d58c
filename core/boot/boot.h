/*
 * Running as the first process of a machine for containers, and creating an initramfs for it.
 *
 *     settings.h          the settings on the kernel command line
 *     system.h            mounts and cgroups of a newly booted machine
 *     disk.h              finding the disk of lxc.data
 *     modules.h           loading kernel modules and their dependencies
 *     cpio.h              writing an initramfs
 *
 * The order of the steps is in applets/init.c.
 */
#ifndef LXCBOX_CORE_BOOT_BOOT_H
#define LXCBOX_CORE_BOOT_BOOT_H
#endif
