#include "core/confine/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/procfs.h"
#include "core/base/str.h"
#include "core/confine/apparmor.h"

/* The profile that the package of LXC loads for containers. */
#define DEFAULT_PROFILE "lxc-container-default-cgns"
#define GENERATED       "generated"

bool lsm_apparmor_enabled(void)
{
    cleanup_free char *enabled = NULL;

    return file_read(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16, &enabled, NULL) == 0 &&
           enabled[0] == 'Y';
}

bool lsm_selinux_enabled(void)
{
    struct stat st;

    return stat("/sys/fs/selinux/enforce", &st) == 0;
}

/* Whether a profile is loaded. The file lists "NAME (MODE)" and is readable only by root. */
static bool lsm_profile_loaded(const char *name)
{
    cleanup_free char *list = NULL;
    size_t length = strlen(name);

    if (file_read(AT_FDCWD, "/sys/kernel/security/apparmor/profiles", 8 << 20, &list, NULL) < 0)
        return false;
    for (const char *line = list; line && *line; line = strchr(line, '\n')) {
        line += line[0] == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return true;
    }
    return false;
}

/*
 * The kernel may support AppArmor on a system without it: without securityfs no policy can be loaded, as in
 * an initramfs.
 */
static bool lsm_policy_is_reachable(void)
{
    return access("/sys/kernel/security/apparmor", F_OK) == 0;
}

/* The profile to use; NULL: keep the current label. */
static const char *lsm_profile(const struct config *c)
{
    const char *profile = c->apparmor_profile;

    if (!lsm_apparmor_enabled() || (profile && strcmp(profile, "unchanged") == 0))
        return NULL;
    if (profile && strcmp(profile, GENERATED) == 0 && !lsm_policy_is_reachable())
        return NULL;
    if (!profile || !profile[0])
        return lsm_profile_loaded(DEFAULT_PROFILE) ? DEFAULT_PROFILE : "unconfined";
    return profile;
}

/* Check that the policy has a context. The kernel rejects an unknown context: selinuxfs, "context". */
static int lsm_check_context(const char *key, const char *context, struct error *err)
{
    if (!context || !context[0] || file_write_value(AT_FDCWD, "/sys/fs/selinux/context", context) != -EINVAL)
        return 0;
    error_text(err, EINVAL, "%s: the SELinux policy has no context %s", key, context);
    return error_remedy(err, "load a policy with this context, or clear the key");
}

static int lsm_check_contexts(const struct config *c, struct error *err)
{
    int r = lsm_check_context("lxc.selinux.context", c->selinux_context, err);

    return r < 0 ? r : lsm_check_context("lxc.selinux.context.keyring", c->selinux_context_keyring, err);
}

/* A configuration from a host with another security module can start here, but with a warning. */
static void lsm_warn_absent(const struct config *c)
{
    const char *profile = c->apparmor_profile, *context = c->selinux_context;

    /* Debian's default.conf has "generated" for every container. */
    if (profile && profile[0] && strcmp(profile, "unconfined") != 0 && strcmp(profile, "unchanged") != 0 &&
        strcmp(profile, GENERATED) != 0 && !lsm_apparmor_enabled())
        log_warn("lsm", "AppArmor is not enabled: lxc.apparmor.profile = %s has no effect", profile);
    if (profile && strcmp(profile, GENERATED) == 0 && lsm_apparmor_enabled() && !lsm_policy_is_reachable())
        log_warn("lsm", "securityfs is not mounted: lxc.apparmor.profile = generated has no effect");
    if (context && context[0] && !lsm_selinux_enabled())
        log_warn("lsm", "SELinux is not enabled: lxc.selinux.context = %s has no effect", context);
}

int lsm_check(const struct config *c, struct error *err)
{
    const char *profile = lsm_profile(c);
    bool generated;
    struct stat st;
    int r = lsm_check_contexts(c, err);

    if (r < 0)
        return r;
    lsm_warn_absent(c);
    if (c->apparmor_raw.count && lsm_apparmor_enabled() && (!profile || strcmp(profile, GENERATED) != 0)) {
        error_text(err, EINVAL, "lxc.apparmor.raw is only valid for a generated profile");
        return error_remedy(err, "clear it, and add its lines to the profile in lxc.apparmor.profile");
    }
    if (!profile || strcmp(profile, "unconfined") == 0)
        return 0;
    generated = strcmp(profile, GENERATED) == 0;
    r = generated ? apparmor_check(err) : 0;
    if (r < 0)
        return r;
    /* "NAME//&:NAMESPACE:PROFILE" stacks; only a plain name can be looked up. */
    if (!generated && !strstr(profile, "//&") && !lsm_profile_loaded(profile)) {
        error_text(err, ENOENT, "lxc.apparmor.profile: the profile %s is not loaded", profile);
        return error_remedy(err, "load it with apparmor_parser, or set it to \"unconfined\"");
    }
    if (!c->apparmor_allow_incomplete && stat("/sys/kernel/security/apparmor/features/mount/mask", &st) < 0) {
        error_text(err, ENOTSUP,
                   "AppArmor of this kernel does not mediate mounts: profile %s does not confine "
                   "processes that can mount",
                   profile);
        return error_remedy(err, "set lxc.apparmor.allow_incomplete = 1 to start anyway");
    }
    return 0;
}

/*
 * The label for exec must be written in one write. The directory of the module is tried first (several
 * modules since kernel 5.1).
 */
static int lsm_write_label(int proc_fd, const char *module, const char *label)
{
    cleanup_free char *path = format_string("thread-self/attr/%s/exec", module);
    int r = path ? procfs_write(proc_fd, path, label) : -ENOMEM;

    return r == -ENOENT ? procfs_write(proc_fd, "thread-self/attr/exec", label) : r;
}

bool lsm_generates(const struct config *c)
{
    const char *profile = lsm_profile(c);

    return profile && strcmp(profile, GENERATED) == 0;
}

void lsm_choose(const struct config *c, const char *generated, struct lsm_labels *out)
{
    *out = (struct lsm_labels){.apparmor = generated ? generated : lsm_profile(c)};
    if (!lsm_selinux_enabled())
        return;
    if (c->selinux_context && c->selinux_context[0])
        out->keyring = out->selinux = c->selinux_context;
    if (c->selinux_context_keyring)
        out->keyring = c->selinux_context_keyring[0] ? c->selinux_context_keyring : NULL;
}

int lsm_prepare(int proc_fd, const struct lsm_labels *labels, struct error *err)
{
    int r;

    if (labels->apparmor) {
        cleanup_free char *label = format_string("exec %s", labels->apparmor);
        r = label ? lsm_write_label(proc_fd, "apparmor", label) : -ENOMEM;
        if (r < 0)
            return error_set(err, r, "cannot change to AppArmor profile %s", labels->apparmor);
    }
    if (labels->selinux) {
        r = lsm_write_label(proc_fd, "selinux", labels->selinux);
        if (r < 0)
            return error_set(err, r, "cannot change to SELinux context %s", labels->selinux);
    }
    return 0;
}

int lsm_keyring(int proc_fd, const struct lsm_labels *labels, struct error *err)
{
    int r = labels->keyring ? procfs_write(proc_fd, "thread-self/attr/keycreate", labels->keyring) : 0;

    return r < 0 ? error_set(err, r, "cannot label keyrings with SELinux context %s", labels->keyring) : 0;
}

int lsm_read_label(int proc, char **label)
{
    bool apparmor = lsm_apparmor_enabled();
    int r;

    *label = NULL;
    if (!apparmor && !lsm_selinux_enabled())
        return 0;
    r = file_read(proc, apparmor ? "attr/apparmor/current" : "attr/current", 4096, label, NULL);
    if (r == -ENOENT && apparmor)
        r = file_read(proc, "attr/current", 4096, label, NULL);
    if (r < 0)
        return r;
    (*label)[strcspn(*label, "\n")] = '\0';
    /* AppArmor appends the mode of the profile: "NAME (enforce)". */
    if (apparmor && ends_with(*label, ")") && strrchr(*label, ' '))
        *strrchr(*label, ' ') = '\0';
    if (!(*label)[0] || (apparmor && strcmp(*label, "unconfined") == 0)) {
        free(*label);
        *label = NULL;
    }
    return 0;
}

char *lsm_exec_text(const char *label)
{
    return format_string("%s%s", lsm_apparmor_enabled() ? "exec " : "", label);
}
