#include "core/confine/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/config/includes.h"

#define PROFILE_MAX (1 << 20) /* bytes */
#define LXC_CONFIG  CONFIG_DIRECTORY "/"

/* Whether the kernel has seccomp and this process may load a profile: proc_pid_status(5), "Seccomp". */
static bool seccomp_wanted(const struct config *c)
{
    cleanup_free char *status = NULL;
    const char *line;

    if (c->seccomp_allow_nesting || file_read(AT_FDCWD, "/proc/self/status", 1 << 16, &status, NULL) < 0)
        return true;
    line = strstr(status, "\nSeccomp:");
    if (!line) {
        log_info("seccomp", "this kernel has no seccomp; %s is not loaded", c->seccomp_profile);
        return false;
    }
    line += strlen("\nSeccomp:");
    line += strspn(line, " \t");
    if (*line != '0')
        log_info("seccomp", "this process already has a seccomp filter; %s is not loaded",
                 c->seccomp_profile);
    return *line == '0';
}

int seccomp_prepare(const struct config *c, struct seccomp_program *out, struct error *err)
{
    cleanup_seccomp_policy struct seccomp_policy policy = {0};
    cleanup_free char *file = NULL;
    const char *path = c->seccomp_profile, *text;
    size_t length;
    int r;

    *out = (struct seccomp_program){0};
    if (!path || !path[0] || !seccomp_wanted(c))
        return 0;
    r = file_read(AT_FDCWD, path, PROFILE_MAX, &file, &length);
    text = file;
    if (r == -ENOENT && starts_with(path, LXC_CONFIG) &&
        (text = config_builtin(path + strlen(LXC_CONFIG), &length)))
        r = 0;
    if (r < 0) {
        error_set(err, r, "cannot read lxc.seccomp.profile %s", path);
        if (r == -ENOENT)
            error_remedy(err, "name a file that exists, or clear the key");
        return r;
    }
    r = seccomp_policy_parse(text, length, path, &policy, err);
    if (r < 0)
        return r;
    if (policy.notifies && (!c->seccomp_notify_proxy || !c->seccomp_notify_proxy[0]))
        log_warn("seccomp", "%s has calls with the action notify, but lxc.seccomp.notify.proxy is not set",
                 path);
    return seccomp_compile(&policy, out, err);
}

int seccomp_load(const struct seccomp_program *p, int *listener, struct error *err)
{
    struct sock_fprog program = {(unsigned short)p->count, p->code};
    long r;

    *listener = -1;
    if (!p->count)
        return 0;
    r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, p->notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0,
                &program);
    if (r < 0) {
        int number = errno;
        error_set(err, number, "cannot load the seccomp profile");
        if (number == EACCES)
            error_remedy(err, "this requires CAP_SYS_ADMIN, or lxc.no_new_privs = 1");
        if (number == EINVAL && p->notifies)
            error_remedy(err, "the action notify requires Linux 5.0 or later");
        if (number == EBUSY)
            error_remedy(err, "only one of several nested profiles can have the action notify");
        return -number;
    }
    if (p->notifies)
        *listener = (int)r;
    return 0;
}
