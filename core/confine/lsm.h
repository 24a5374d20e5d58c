/*
 * AppArmor and SELinux: the label that the next exec of this process takes.
 * Source: apparmor(7), /proc/PID/attr/ in proc_pid_attr(5), LXC's lxc.apparmor.profile, lxc.selinux.context.
 */
#ifndef LXCBOX_CORE_RUN_LSM_H
#define LXCBOX_CORE_RUN_LSM_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/config.h"

bool lsm_apparmor_enabled(void);
bool lsm_selinux_enabled(void);

/*
 * Before anything is made, in the monitor: can what the configuration asks for be had? Where a module is not
 * enabled its keys mean nothing, as in LXC. lxc.apparmor.profile: "unchanged" leaves the label, "unconfined"
 * or a profile's name is taken. Unset: LXC's own profile where it is loaded, else unconfined. "generated"
 * needs AppArmor's own compiler (apparmor.h), and is ignored with a warning where securityfs is not mounted;
 * lxc.apparmor.raw is refused without it. A kernel whose AppArmor does not mediate mounts confines nobody:
 * that is refused unless lxc.apparmor.allow_incomplete. SELinux contexts are those that the policy knows.
 */
int lsm_check(const struct config *c, struct error *err);

/* Is a profile to be generated? By apparmor_load(), before the child is made. */
bool lsm_generates(const struct config *c);

/* What will be taken; the strings are the config's, the caller's or static. */
struct lsm_labels {
    const char *apparmor, *selinux, *keyring; /* NULL: none, stay as we are */
};

/*
 * In the child, before it has left the host's mounts: which modules are enabled and which profiles loaded is
 * told by the host's /sys, that a container may lack or have made up. `generated` is apparmor_load()'s label,
 * NULL without.
 */
void lsm_choose(const struct config *c, const char *generated, struct lsm_labels *out);

/* In the child: set the label that exec will take. `proc_fd` is the host's /proc. */
int lsm_prepare(int proc_fd, const struct lsm_labels *labels, struct error *err);

/*
 * For a process that joins a container: the label of the one whose /proc/PID folder `proc` refers to, to be
 * freed; NULL where no module is enabled, or AppArmor leaves it unconfined. 0 or a negative errno.
 */
int lsm_read_label(int proc, char **label);

/* What has to be written into /proc/self/attr/exec for a label, to be freed; NULL when out of memory. */
char *lsm_exec_text(const char *label);

/*
 * In the child, as root of the container: the SELinux label of the keyrings that it makes from here on,
 * lxc.selinux.context.keyring or else lxc.selinux.context. Before limits_keyring.
 */
int lsm_keyring(int proc_fd, const struct lsm_labels *labels, struct error *err);

#endif
