/*
 * The AppArmor profile that lxc.apparmor.profile = generated stands for, as a text for AppArmor's compiler,
 * and its names. Nothing is looked at but what is given.
 * Source: apparmor.d(5); the names and what is allowed and denied are LXC's (src/lxc/lsm/apparmor.c), so that
 * a container may do under us what it may do under LXC.
 */
#ifndef LXCBOX_CORE_RUN_APPARMOR_PROFILE_H
#define LXCBOX_CORE_RUN_APPARMOR_PROFILE_H

#include "core/config/config.h"
#include "core/config/container.h"

/*
 * The profile's name: lxc-NAME_<LXCPATH>, or a hash of it (16 hexadecimal digits) where that is too long or
 * has bytes that mean something in a profile. To be freed; NULL when out of memory.
 */
char *apparmor_profile_name(const struct container *c);

/* The policy namespace that goes with it: the same, with '-' for '/'. In place. */
void apparmor_namespace_name(char *profile_name);

/*
 * Append the profile. `space`: the policy namespace that its container will have to itself, NULL: none, as on
 * a kernel that cannot stack profiles. 0 or -ENOMEM.
 */
int apparmor_profile_text(struct strbuf *out, const char *name, const char *space, const struct config *c);

#endif
