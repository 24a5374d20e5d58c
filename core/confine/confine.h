/*
 * Restrictions of a container, applied to the process that becomes its init or that joins the container.
 *
 *     caps.h                          capabilities
 *     seccomp.h                       the profile as a BPF program: seccomp_prepare(), seccomp_load()
 *     seccomp_policy.h, syscalls.h    LXC's profile language; system calls by name
 *     lsm.h                           AppArmor and SELinux labels
 *     apparmor.h, apparmor_profile.h  a profile generated for one container
 *     limits.h                        rlimits, /proc values, sysctls, clocks, keyrings
 *     personality.h                   the machine name of uname(2)
 *     sealed.h                        running from an executable that containers cannot modify
 *
 * The order of these steps is in core/spawn/child.c for a start, and in core/run/attach_inside.c for
 * lxc-attach.
 */
#ifndef LXCBOX_CORE_CONFINE_CONFINE_H
#define LXCBOX_CORE_CONFINE_CONFINE_H
#endif
