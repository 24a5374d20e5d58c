/*
 * lxc.apparmor.profile = generated: a profile of the container's own, loaded before it starts and gone when
 * it has ended. Where the kernel stacks profiles the container gets a policy namespace too, as with LXC: it
 * finds itself unconfined there and may load profiles of its own, beneath ours.
 * Source: apparmor_parser(8), the kernel's security/apparmor/apparmorfs.c, Documentation/admin-guide/LSM.
 */
#ifndef LXCBOX_CORE_RUN_APPARMOR_H
#define LXCBOX_CORE_RUN_APPARMOR_H

#include "core/config/config.h"
#include "core/config/container.h"

/* What is loaded; all NULL: nothing. */
struct apparmor {
    char *profile; /* its name */
    char *space;   /* the policy namespace; NULL: none */
    char *label;   /* what the container takes on: PROFILE, or PROFILE//&:NAMESPACE: */
};

/* Can a profile be made? That takes root and AppArmor's compiler. 0, -EPERM, -ENOENT. */
int apparmor_check(struct error *err);

/*
 * Generate, compile and load it, in place of one of that name that is there. `a` starts as zeroes; also after
 * a failure apparmor_unload() takes back what was made. 0 or a negative errno.
 */
int apparmor_load(struct apparmor *a, const struct container *c, const struct config *config,
                  struct error *err);

/*
 * Once no process is confined by it any more (the kernel would let it go unconfined). Leaves `a` as it
 * started. 0 or a negative errno.
 */
int apparmor_unload(struct apparmor *a, struct error *err);

#endif
