/*
 * What a container may not do, applied to the process that becomes its init, or joins it.
 *
 *     caps.h                          capabilities
 *     seccomp.h                       the profile as a BPF program: seccomp_prepare(), seccomp_load()
 *     seccomp_policy.h, syscalls.h    LXC's profile language; system calls by name
 *     lsm.h                           AppArmor and SELinux labels
 *     apparmor.h, apparmor_profile.h  a profile generated for one container
 *     limits.h                        rlimits, /proc values, sysctls, clocks, keyrings
 *     personality.h                   what uname(2) says of the machine
 *     sealed.h                        running from an executable that no container can write to
 *
 * The order of these steps is core/spawn/child.c's for a start, and core/run/attach_inside.c's for
 * lxc-attach.
 */
#ifndef LXCBOX_CORE_CONFINE_CONFINE_H
#define LXCBOX_CORE_CONFINE_CONFINE_H
#endif
