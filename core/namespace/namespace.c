#include "core/namespace/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

/*
 * The file is also missing if /proc does not contain our process (for example /proc of another pid
 * namespace): then the directory is missing too.
 */
static bool namespace_is_unsupported(enum namespace_kind kind)
{
    cleanup_fd int dir = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat st;

    return dir >= 0 && fstatat(dir, namespaces[kind].name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static bool namespace_shares_network(const struct config *c)
{
    return c->net_count > 0 && c->nets[0].has_type && c->nets[0].type == NET_NONE;
}

uint64_t namespace_clone_flags(const struct config *c)
{
    const uint64_t always = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;
    uint64_t flags = c->namespace_clone ? c->namespace_clone : always | CLONE_NEWCGROUP;

    if (!c->namespace_clone)
        flags &= ~c->namespace_keep;
    if (flags & CLONE_NEWCGROUP && namespace_is_unsupported(NAMESPACE_CGROUP))
        flags &= ~(uint64_t)CLONE_NEWCGROUP;
    if (c->idmap_count)
        flags |= CLONE_NEWUSER;
    else
        flags &= ~(uint64_t)CLONE_NEWUSER;
    if (namespace_shares_network(c))
        flags &= ~(uint64_t)CLONE_NEWNET;
    if (c->time_offset_boot.seconds || c->time_offset_boot.nanoseconds || c->time_offset_monotonic.seconds ||
        c->time_offset_monotonic.nanoseconds)
        flags |= CLONE_NEWTIME;
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        if (c->namespace_share[i])
            flags &= ~namespaces[i].flag;
    return flags;
}

/* `errnum`: why its file in /proc could not be read. */
static int namespace_refuse(int errnum, const char *whose, enum namespace_kind kind, struct error *err)
{
    const char *name = namespaces[kind].name;

    if (errnum != ENOENT && errnum != ESRCH)
        return error_set(err, errnum, "cannot enter the %s namespace of %s", name, whose);
    if (namespace_is_unsupported(kind))
        return error_text(err, EOPNOTSUPP, "this kernel has no %s namespaces", name);
    return error_text(err, ESRCH, "cannot enter the %s namespace of %s: the process has ended", name, whose);
}

int namespace_open_at(int proc, const char *whose, enum namespace_kind kind, struct error *err)
{
    char path[32];
    int fd;

    snprintf(path, sizeof(path), "ns/%s", namespaces[kind].name);
    fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : namespace_refuse(errno, whose, kind, err);
}

int namespace_compare_at(int proc, const char *whose, enum namespace_kind kind, struct error *err)
{
    char path[48], theirs[64], ours[64];
    ssize_t n, m;

    snprintf(path, sizeof(path), "ns/%s", namespaces[kind].name);
    n = readlinkat(proc, path, theirs, sizeof(theirs));
    if (n < 0)
        return namespace_refuse(errno, whose, kind, err);
    snprintf(path, sizeof(path), "/proc/self/ns/%s", namespaces[kind].name);
    m = readlink(path, ours, sizeof(ours));
    return m == n && memcmp(theirs, ours, (size_t)n) == 0;
}

bool namespace_is_ours(int fd, enum namespace_kind kind)
{
    struct stat theirs, ours;
    char path[48];

    snprintf(path, sizeof(path), "/proc/self/ns/%s", namespaces[kind].name);
    return fstat(fd, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_ino == ours.st_ino &&
           theirs.st_dev == ours.st_dev;
}
