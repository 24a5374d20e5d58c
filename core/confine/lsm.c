#include "core/confine/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/confine/apparmor.h"

/* The profile that LXC's package loads for containers. */
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

/* Is a profile loaded? The file lists "NAME (MODE)" and is root's to read. */
static bool profile_loaded(const char *name)
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

/* A kernel may have AppArmor on a system that does not: without securityfs nobody loads policy, as in an
 * initramfs. */
static bool policy_is_reachable(void)
{
    return access("/sys/kernel/security/apparmor", F_OK) == 0;
}

/* The profile to take; NULL: stay as we are. */
static const char *profile_of(const struct config *c)
{
    const char *profile = c->apparmor_profile;

    if (!lsm_apparmor_enabled() || (profile && strcmp(profile, "unchanged") == 0))
        return NULL;
    if (profile && strcmp(profile, GENERATED) == 0 && !policy_is_reachable())
        return NULL;
    if (!profile || !profile[0])
        return profile_loaded(DEFAULT_PROFILE) ? DEFAULT_PROFILE : "unconfined";
    return profile;
}

/* Does the policy know a context? The kernel refuses to take one that it does not: selinuxfs, "context". */
static int check_context(const char *key, const char *context, struct error *err)
{
    if (!context || !context[0] || file_write_value(AT_FDCWD, "/sys/fs/selinux/context", context) != -EINVAL)
        return 0;
    error_text(err, EINVAL, "%s: the SELinux policy knows no context %s", key, context);
    return error_remedy(err, "load a policy that does, or clear the key");
}

static int check_contexts(const struct config *c, struct error *err)
{
    int r = check_context("lxc.selinux.context", c->selinux_context, err);

    return r < 0 ? r : check_context("lxc.selinux.context.keyring", c->selinux_context_keyring, err);
}

/* What comes from a host with another security module starts here too, but not without a word. */
static void warn_of_absent(const struct config *c)
{
    const char *profile = c->apparmor_profile, *context = c->selinux_context;

    /* Debian's default.conf has "generated" for every container. */
    if (profile && profile[0] && strcmp(profile, "unconfined") != 0 && strcmp(profile, "unchanged") != 0 &&
        strcmp(profile, GENERATED) != 0 && !lsm_apparmor_enabled())
        log_warn("lsm", "this kernel runs no AppArmor: lxc.apparmor.profile = %s confines nobody", profile);
    if (profile && strcmp(profile, GENERATED) == 0 && lsm_apparmor_enabled() && !policy_is_reachable())
        log_warn("lsm", "securityfs is not mounted: lxc.apparmor.profile = generated confines nobody");
    if (context && context[0] && !lsm_selinux_enabled())
        log_warn("lsm", "this kernel runs no SELinux: lxc.selinux.context = %s confines nobody", context);
}

int lsm_check(const struct config *c, struct error *err)
{
    const char *profile = profile_of(c);
    bool generated;
    struct stat st;
    int r = check_contexts(c, err);

    if (r < 0)
        return r;
    warn_of_absent(c);
    if (c->apparmor_raw.count && lsm_apparmor_enabled() && (!profile || strcmp(profile, GENERATED) != 0)) {
        error_text(err, EINVAL, "lxc.apparmor.raw adds to a generated profile only");
        return error_remedy(err,
                            "clear it, and put its lines into the profile that lxc.apparmor.profile names");
    }
    if (!profile || strcmp(profile, "unconfined") == 0)
        return 0;
    generated = strcmp(profile, GENERATED) == 0;
    r = generated ? apparmor_check(err) : 0;
    if (r < 0)
        return r;
    /* "NAME//&:NAMESPACE:PROFILE" stacks; only a plain name can be looked up. */
    if (!generated && !strstr(profile, "//&") && !profile_loaded(profile)) {
        error_text(err, ENOENT, "lxc.apparmor.profile: the profile %s is not loaded", profile);
        return error_remedy(err, "load it with apparmor_parser, or set it to \"unconfined\"");
    }
    if (!c->apparmor_allow_incomplete && stat("/sys/kernel/security/apparmor/features/mount/mask", &st) < 0) {
        error_text(err, ENOTSUP,
                   "this kernel's AppArmor does not watch over mounts, so that profile %s confines "
                   "nobody who may mount",
                   profile);
        return error_remedy(err, "set lxc.apparmor.allow_incomplete = 1 to start all the same");
    }
    return 0;
}

/* exec's label: one write of the whole; the module's own folder first (kernel 5.1 on: several modules). */
static int write_label(int proc_fd, const char *module, const char *label)
{
    cleanup_free char *path = format_string("thread-self/attr/%s/exec", module);
    int r = path ? file_write_value(proc_fd, path, label) : -ENOMEM;

    return r == -ENOENT ? file_write_value(proc_fd, "thread-self/attr/exec", label) : r;
}

bool lsm_generates(const struct config *c)
{
    const char *profile = profile_of(c);

    return profile && strcmp(profile, GENERATED) == 0;
}

void lsm_choose(const struct config *c, const char *generated, struct lsm_labels *out)
{
    *out = (struct lsm_labels){.apparmor = generated ? generated : profile_of(c)};
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
        r = label ? write_label(proc_fd, "apparmor", label) : -ENOMEM;
        if (r < 0)
            return error_set(err, r, "cannot take AppArmor profile %s", labels->apparmor);
    }
    if (labels->selinux) {
        r = write_label(proc_fd, "selinux", labels->selinux);
        if (r < 0)
            return error_set(err, r, "cannot take SELinux context %s", labels->selinux);
    }
    return 0;
}

int lsm_keyring(int proc_fd, const struct lsm_labels *labels, struct error *err)
{
    int r = labels->keyring ? file_write_value(proc_fd, "thread-self/attr/keycreate", labels->keyring) : 0;

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
    /* AppArmor adds the profile's mode: "NAME (enforce)". */
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
