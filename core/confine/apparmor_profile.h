/*
 * The AppArmor profile for lxc.apparmor.profile = generated, as a text for AppArmor's compiler, and its
 * names. The result depends only on the arguments. Source: apparmor.d(5); names and permissions are those of
 * LXC (src/lxc/lsm/apparmor.c), so that a container has the same permissions as with LXC.
 */
#ifndef LXCBOX_CORE_CONFINE_APPARMOR_PROFILE_H
#define LXCBOX_CORE_CONFINE_APPARMOR_PROFILE_H

#include "core/config/config.h"
#include "core/config/container.h"

/*
 * The profile's name: lxc-NAME_<LXCPATH>, or with a hash (16 hexadecimal digits) if that is too long or has
 * bytes with a meaning in a profile. The caller frees it; NULL when out of memory.
 */
char *apparmor_profile_name(const struct container *c);

/* Convert it in place to the name of the policy namespace: '-' instead of '/'. */
void apparmor_namespace_name(char *profile_name);

/*
 * Append the profile. `space`: the policy namespace of the container; NULL: none, as on a kernel without
 * stacking. 0 or -ENOMEM.
 */
int apparmor_profile_text(struct strbuf *out, const char *name, const char *space, const struct config *c);

#endif
