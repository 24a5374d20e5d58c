/*
 * Being the first process of a machine that runs containers, and making an initramfs for it.
 *
 *     settings.h          the words of the kernel's command line
 *     system.h            mounts and cgroups of a machine that has just booted
 *     disk.h              finding the disk that lxc.data names
 *     modules.h           loading kernel modules with what they depend on
 *     cpio.h              writing an initramfs
 *
 * The order of it all is applets/init.c's.
 */
#ifndef LXCBOX_CORE_BOOT_BOOT_H
#define LXCBOX_CORE_BOOT_BOOT_H
#endif
