#include "core/namespace/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

static bool kernel_has(enum namespace_kind kind)
{
    char path[32];
    struct stat st;

    strcpy(path, "/proc/self/ns/");
    strcat(path, namespaces[kind].name);
    return stat(path, &st) == 0;
}

static bool no_network_of_its_own(const struct config *c)
{
    return c->net_count > 0 && c->nets[0].has_type && c->nets[0].type == NET_NONE;
}

uint64_t namespace_clone_flags(const struct config *c)
{
    const uint64_t always = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;
    uint64_t flags = c->namespace_clone ? c->namespace_clone : always | CLONE_NEWCGROUP;

    if (!c->namespace_clone)
        flags &= ~c->namespace_keep;
    if (flags & CLONE_NEWCGROUP && !kernel_has(NAMESPACE_CGROUP))
        flags &= ~(uint64_t)CLONE_NEWCGROUP;
    if (c->idmap_count)
        flags |= CLONE_NEWUSER;
    else
        flags &= ~(uint64_t)CLONE_NEWUSER;
    if (no_network_of_its_own(c))
        flags &= ~(uint64_t)CLONE_NEWNET;
    if (c->time_offset_boot.seconds || c->time_offset_boot.nanoseconds || c->time_offset_monotonic.seconds ||
        c->time_offset_monotonic.nanoseconds)
        flags |= CLONE_NEWTIME;
    for (int i = 0; i < NAMESPACE_KINDS; i++)
        if (c->namespace_share[i])
            flags &= ~namespaces[i].flag;
    return flags;
}

int namespace_open(const char *who, enum namespace_kind kind, struct error *err)
{
    const char *name = namespaces[kind].name;
    cleanup_free char *path = who[0] == '/' ? strdup(who) : format_string("/proc/%s/ns/%s", who, name);
    int fd;

    if (!path)
        return error_set(err, ENOMEM, "cannot open a namespace");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? error_set(err, errno, "lxc.namespace.share.%s: cannot open %s", name, path) : fd;
}
