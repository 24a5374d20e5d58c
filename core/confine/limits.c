#include "core/confine/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/procfs.h"
#include "core/namespace/namespace.h"

/* linux/prctl.h, PR_SCHED_CORE and its arguments. */
#define SCHED_CORE              62
#define SCHED_CORE_CREATE       1L
#define SCHED_CORE_SHARE_FROM   3L
#define SCHED_CORE_THREAD       0L
#define SCHED_CORE_THREAD_GROUP 1L

/* getrlimit(2). */
static const struct {
    const char *name;
    int resource;
} resources[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

int limits_resource(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(resources); i++)
        if (strcmp(name, resources[i].name) == 0)
            return resources[i].resource;
    return -EINVAL;
}

static int limits_parse_one(const char *text, size_t length, rlim_t *out)
{
    char copy[24];
    uint64_t number;

    while (length && (*text == ' ' || *text == '\t'))
        text++, length--;
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    if (length == 0 || length >= sizeof(copy))
        return -EINVAL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strcmp(copy, "unlimited") == 0) {
        *out = RLIM_INFINITY;
        return 0;
    }
    if (parse_uint64(copy, 10, UINT64_MAX, &number) < 0)
        return -EINVAL;
    *out = number;
    return 0;
}

int limits_parse(const char *text, struct rlimit *out)
{
    size_t soft = strcspn(text, ":");

    if (limits_parse_one(text, soft, &out->rlim_cur) < 0)
        return -EINVAL;
    out->rlim_max = out->rlim_cur;
    if (text[soft] && limits_parse_one(text + soft + 1, strlen(text + soft + 1), &out->rlim_max) < 0)
        return -EINVAL;
    return out->rlim_cur <= out->rlim_max ? 0 : -EINVAL;
}

int limits_prlimit(const struct config *c, pid_t pid, struct error *err)
{
    for (size_t i = 0; i < c->prlimit.count; i++) {
        const struct config_pair *p = &c->prlimit.items[i];
        int resource = limits_resource(p->name);
        struct rlimit limit;

        if (resource < 0)
            return error_text(err, EINVAL, "lxc.prlimit.%s: there is no such limit", p->name);
        if (limits_parse(p->value, &limit) < 0) {
            error_text(err, EINVAL, "lxc.prlimit.%s: \"%s\" is not a limit", p->name, p->value);
            return error_remedy(err, "write SOFT:HARD, or one number or \"unlimited\" for both");
        }
        if (syscall(SYS_prlimit64, pid, resource, &limit, NULL) < 0)
            return error_set(err, errno, "cannot set lxc.prlimit.%s = %s", p->name, p->value);
    }
    return 0;
}

/* Convert "net.ipv4.conf" to "net/ipv4/conf"; slashes are kept for names with dots, as in sysctl(8). */
static int limits_kernel_path(const char *prefix, const char *name, char *out, size_t size)
{
    int length = snprintf(out, size, "%s%s", prefix, name);

    if (length < 0 || (size_t)length >= size)
        return -ENAMETOOLONG;
    if (!strchr(name, '/'))
        for (char *p = out + strlen(prefix); *p; p++)
            *p = *p == '.' ? '/' : *p;
    for (const char *p = out; (p = strstr(p, "..")); p++)
        if ((p == out || p[-1] == '/') && (p[2] == '/' || !p[2]))
            return -EINVAL;
    return 0;
}

int limits_proc(const struct config *c, pid_t pid, struct error *err)
{
    cleanup_fd int process = c->proc.count ? procfs_open_process(pid, err) : -1;

    if (c->proc.count && process < 0)
        return process;
    for (size_t i = 0; i < c->proc.count; i++) {
        const struct config_pair *p = &c->proc.items[i];
        char path[256];
        int r = limits_kernel_path("", p->name, path, sizeof(path));

        if (r == 0)
            r = procfs_write(process, path, p->value);
        if (r == -ELOOP || r == -EXDEV) {
            error_text(err, -r, "cannot set lxc.proc.%s: it is not a file of the process in /proc", p->name);
            return error_remedy(err, "name a file of /proc/PID, such as oom_score_adj");
        }
        if (r < 0)
            return error_set(err, r, "cannot set lxc.proc.%s = %s", p->name, p->value);
    }
    return 0;
}

int limits_sysctl(int proc_fd, const struct config *c, struct error *err)
{
    for (size_t i = 0; i < c->sysctl.count; i++) {
        const struct config_pair *p = &c->sysctl.items[i];
        char path[256];
        int r = limits_kernel_path("sys/", p->name, path, sizeof(path));

        if (r == 0)
            r = procfs_write(proc_fd, path, p->value);
        if (r < 0) {
            error_set(err, r, "cannot set lxc.sysctl.%s = %s", p->name, p->value);
            return r == -ENOENT
                       ? error_remedy(
                             err,
                             "this parameter does not exist in a container with this kernel: remove the key")
                       : r;
        }
    }
    return 0;
}

int limits_no_new_privs(const struct config *c, struct error *err)
{
    if (c->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
        return error_set(err, errno, "cannot set lxc.no_new_privs");
    return 0;
}

static int limits_write_offset(const char *clock, const struct config_time_offset *offset, struct error *err)
{
    cleanup_free char *line = NULL;
    int64_t seconds = offset->seconds + offset->nanoseconds / 1000000000,
            nanoseconds = offset->nanoseconds % 1000000000;
    int r;

    if (!offset->seconds && !offset->nanoseconds)
        return 0;
    /* The kernel requires a positive second part. */
    if (nanoseconds < 0) {
        nanoseconds += 1000000000;
        seconds--;
    }
    line = format_string("%s %lld %lld\n", clock, (long long)seconds, (long long)nanoseconds);
    cleanup_fd int self = procfs_open_process(0, err);
    if (self < 0)
        return self;
    r = line ? procfs_write(self, "timens_offsets", line) : -ENOMEM;
    if (r >= 0)
        return 0;
    error_set(err, r, "cannot set lxc.time.offset.%s", clock[0] == 'b' ? "boot" : "monotonic");
    return r == -ERANGE
               ? error_remedy(err, "the clock of the container would be negative: use a smaller offset")
               : r;
}

int limits_time(const struct config *c, struct error *err)
{
    const struct config_time_offset *boot = &c->time_offset_boot, *monotonic = &c->time_offset_monotonic;
    bool wanted = boot->seconds || boot->nanoseconds || monotonic->seconds || monotonic->nanoseconds;
    cleanup_fd int fd = -1;
    int r;

    if (!(namespace_clone_flags(c) & CLONE_NEWTIME)) {
        if (!wanted)
            return 0;
        error_text(err, EINVAL, "lxc.time.offset requires a separate time namespace");
        return error_remedy(err, "change lxc.namespace.clone, keep or share");
    }
    if (unshare(CLONE_NEWTIME) < 0) {
        r = errno;
        if (r == EINVAL && !wanted)
            return 0;
        error_set(err, r, "cannot create a time namespace");
        return r == EINVAL ? error_remedy(err, "this kernel has no time namespaces: remove lxc.time.offset")
                           : -r;
    }
    r = limits_write_offset("boottime", boot, err);
    if (r == 0)
        r = limits_write_offset("monotonic", monotonic, err);
    if (r < 0)
        return r;
    fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
        return error_set(err, errno, "cannot enter the time namespace");
    return 0;
}

int limits_core(const struct config *c, pid_t pid, struct error *err)
{
    int r;

    if (!c->sched_core)
        return 0;
    if (!(namespace_clone_flags(c) & CLONE_NEWPID))
        return error_text(err, EINVAL, "lxc.sched.core requires a separate pid namespace");
    r = prctl(SCHED_CORE, SCHED_CORE_CREATE, pid, SCHED_CORE_THREAD_GROUP, 0L) < 0 ? errno : 0;
    if (!r || r == ENODEV)
        return 0;
    error_set(err, r, "cannot set lxc.sched.core");
    if (r == EINVAL)
        error_remedy(err, "this kernel has no core scheduling: remove the key");
    return -r;
}

int limits_core_join(pid_t pid, struct error *err)
{
    if (prctl(SCHED_CORE, SCHED_CORE_SHARE_FROM, pid, SCHED_CORE_THREAD, 0L) < 0 && errno != EINVAL &&
        errno != ENODEV)
        return error_set(err, errno, "cannot take the core scheduling cookie of process %d", pid);
    return 0;
}

int limits_keyring(const struct config *c, struct error *err)
{
    if (c->keyring_session || syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
        return 0;
    if (errno != ENOSYS && errno != EACCES && errno != EPERM)
        return error_set(err, errno, "cannot create a session keyring for the container");
    log_info("limits", "the container keeps the session keyring: %s", strerror(errno));
    return 0;
}
