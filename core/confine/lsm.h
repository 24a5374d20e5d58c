/*
 * AppArmor and SELinux: the label of this process after the next exec. Source: apparmor(7), /proc/PID/attr/
 * in proc_pid_attr(5), LXC's lxc.apparmor.profile, lxc.selinux.context.
 */
#ifndef LXCBOX_CORE_CONFINE_LSM_H
#define LXCBOX_CORE_CONFINE_LSM_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/config.h"

bool lsm_apparmor_enabled(void);
bool lsm_selinux_enabled(void);

/*
 * Called by the monitor before anything is created: check that the configured labels are available. Keys of a
 * module that is not enabled have no effect, as in LXC. lxc.apparmor.profile: "unchanged" keeps the label,
 * "unconfined" or the name of a profile sets it. Unset: the profile of LXC if it is loaded, else unconfined.
 * "generated" requires AppArmor's compiler (apparmor.h), and is ignored with a warning if securityfs is not
 * mounted; lxc.apparmor.raw is rejected without it. If AppArmor does not mediate mounts, a profile is
 * rejected unless lxc.apparmor.allow_incomplete is set. The policy must contain the SELinux contexts.
 */
int lsm_check(const struct config *c, struct error *err);

/* Whether apparmor_load() must generate a profile, before the child is created. */
bool lsm_generates(const struct config *c);

/* The labels to set; the strings belong to the config or the caller, or are static. */
struct lsm_labels {
    const char *apparmor, *selinux, *keyring; /* NULL: keep the current label */
};

/*
 * Called in the child while the host's mounts are visible: enabled modules and loaded profiles are read from
 * the host's /sys, which may be missing or faked in a container. `generated` is the label of apparmor_load(),
 * or NULL.
 */
void lsm_choose(const struct config *c, const char *generated, struct lsm_labels *out);

/* In the child: set the label for exec. `proc_fd` is the host's /proc. */
int lsm_prepare(int proc_fd, const struct lsm_labels *labels, struct error *err);

/*
 * For a process that joins a container: read the label of the process whose /proc/PID directory `proc` refers
 * to; the caller frees it. NULL if no module is enabled, or AppArmor does not confine the process. 0 or a
 * negative errno.
 */
int lsm_read_label(int proc, char **label);

/* The text to write to /proc/self/attr/exec for a label; the caller frees it; NULL when out of memory. */
char *lsm_exec_text(const char *label);

/*
 * In the child, as root of the container: set the SELinux label of new keyrings, lxc.selinux.context.keyring
 * or else lxc.selinux.context. Must be called before limits_keyring().
 */
int lsm_keyring(int proc_fd, const struct lsm_labels *labels, struct error *err);

#endif
