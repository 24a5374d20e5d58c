/*
 * lxc.apparmor.profile = generated: a profile for one container, loaded before the start and removed after
 * its end. If the kernel supports stacking, the container also gets a policy namespace, as with LXC: in it,
 * the container appears unconfined and can load its own profiles in addition to ours. Source:
 * apparmor_parser(8), the kernel's security/apparmor/apparmorfs.c, Documentation/admin-guide/LSM.
 */
#ifndef LXCBOX_CORE_CONFINE_APPARMOR_H
#define LXCBOX_CORE_CONFINE_APPARMOR_H

#include "core/config/config.h"
#include "core/config/container.h"

/* The loaded profile; all NULL: none. */
struct apparmor {
    char *profile; /* its name */
    char *space;   /* the policy namespace; NULL: none */
    char *label;   /* the label of the container: PROFILE, or PROFILE//&:NAMESPACE: */
};

/* Check that a profile can be generated, which requires root and AppArmor's compiler. 0, -EPERM, -ENOENT. */
int apparmor_check(struct error *err);

/*
 * Generate, compile and load the profile, replacing an existing one of that name. `a` must be zero;
 * apparmor_unload() reverts the changes, also after a failure. 0 or a negative errno.
 */
int apparmor_load(struct apparmor *a, const struct container *c, const struct config *config,
                  struct error *err);

/*
 * Unload the profile when it confines no process any more (a remaining process would become unconfined).
 * Resets `a`. 0 or a negative errno.
 */
int apparmor_unload(struct apparmor *a, struct error *err);

#endif
