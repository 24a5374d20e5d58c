#include "core/run/seccomp.h"

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
#define LXC_CONFIG  "/usr/share/lxc/config/"

/* Is there seccomp, and may a profile be loaded by this process? proc_pid_status(5), "Seccomp". */
static bool wanted(const struct config *c)
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
        log_info("seccomp", "this process is confined already; %s is not loaded", c->seccomp_profile);
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
    if (!path || !path[0] || !wanted(c))
        return 0;
    r = file_read(AT_FDCWD, path, PROFILE_MAX, &file, &length);
    text = file;
    if (r == -ENOENT && starts_with(path, LXC_CONFIG) &&
        (text = config_builtin(path + strlen(LXC_CONFIG), &length)))
        r = 0;
    if (r < 0) {
        error_set(err, r, "cannot read lxc.seccomp.profile %s", path);
        return r == -ENOENT ? error_remedy(err, "name a file that exists, or clear the key") : r;
    }
    r = seccomp_policy_parse(text, length, path, &policy, err);
    if (r < 0)
        return r;
    if (policy.notifies) {
        error_text(err, ENOTSUP, "%s: the action notify is not supported", path);
        return error_remedy(err, "use allow or errno N for these calls");
    }
    return seccomp_compile(&policy, out, err);
}

int seccomp_load(const struct seccomp_program *p, struct error *err)
{
    struct sock_fprog program = {(unsigned short)p->count, p->code};

    if (!p->count)
        return 0;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
        int r = errno;
        error_set(err, r, "cannot load the seccomp profile");
        if (r == EACCES)
            error_remedy(err, "it needs CAP_SYS_ADMIN, or lxc.no_new_privs = 1");
        return -r;
    }
    return 0;
}
