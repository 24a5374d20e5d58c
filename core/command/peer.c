#include "core/command/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define PROC_TEXT_MAX 65536

static bool peer_owns(const char *path, uid_t uid)
{
    struct stat st;

    return path && stat(path, &st) == 0 && st.st_uid == uid;
}

bool peer_may_serve(const char *lxcpath, const char *name, uid_t uid)
{
    cleanup_free char *path = NULL;

    if (uid == 0 || uid == geteuid() || peer_owns(lxcpath, uid))
        return true;
    path = name ? format_string("%s/%s", lxcpath, name) : NULL;
    return peer_owns(path, uid);
}

int peer_listener(int connection, struct ucred *peer)
{
    socklen_t length = sizeof(*peer);

    return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, peer, &length) < 0 ? -errno : 0;
}

/* For a process whose namespace links we have no permission to read: "NSpid:" has one number for each pid
 * namespace, beginning with that of /proc. Kernels before 4.1 do not have it. */
static int peer_shares_pid_namespace(int proc)
{
    cleanup_free char *status = NULL;
    const char *line = NULL;
    int r = file_read(proc, "status", PROC_TEXT_MAX, &status, NULL);

    if (r == 0)
        line = strstr(status, "\nNSpid:\t");
    if (!line)
        return r < 0 ? r : 1;
    line += strlen("\nNSpid:\t");
    return line[strcspn(line, "\t\n")] == '\n';
}

/*
 * 1, 0, -EACCES without permission to read the link, or another negative errno. The text of a link identifies
 * a namespace as reliably as stat(2) of the link's target, and takes a third of the time.
 */
static int peer_shares_namespace(int proc, const char *file)
{
    char path[32], ours[64], theirs[64];
    ssize_t n, m;

    snprintf(path, sizeof(path), "/proc/self/%s", file);
    n = readlink(path, ours, sizeof(ours));
    if (n < 0)
        return 1; /* a kernel without such namespaces */
    m = readlinkat(proc, file, theirs, sizeof(theirs));
    return m < 0 ? -errno : m == n && memcmp(ours, theirs, (size_t)n) == 0;
}

/*
 * A container's cgroup is named lxc.payload.NAME in every hierarchy, or ends in lxc.payload where
 * lxc.cgroup.pattern is set. We may be in a container ourselves; the path contains its cgroup then.
 */
static bool peer_in_payload(const char *theirs, const char *ours)
{
    for (const char *line = theirs, *end; *line; line = *end ? end + 1 : end) {
        const char *last = NULL;

        end = strchrnul(line, '\n');
        for (const char *at = line; (at = memmem(at, (size_t)(end - at), "/lxc.payload", 12)); at += 12)
            last = at;
        if (!last)
            continue;
        const size_t length = (size_t)(last - line) + 1 + strcspn(last + 1, "/\n");
        const char *same = memmem(ours, strlen(ours), line, length);
        if (!same || (same != ours && same[-1] != '\n') || (same[length] != '/' && same[length] != '\n'))
            return true;
    }
    return false;
}

int peer_is_outside(pid_t pid)
{
    cleanup_free char *theirs = NULL, *ours = NULL;
    cleanup_fd int proc = -1;
    char path[32];
    int r;

    if (pid <= 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) /* without /proc, only the socket's credentials can be checked */
        return access("/proc/self", F_OK) < 0 ? 1 : -ESRCH;
    r = peer_shares_namespace(proc, "ns/pid");
    if (r == -EACCES)
        r = peer_shares_pid_namespace(proc);
    else if (r > 0)
        r = peer_shares_namespace(proc, "ns/user");
    if (r == -ENOENT || r == -ESRCH)
        return -ESRCH;
    if (r <= 0)
        return 0;
    r = file_read(proc, "cgroup", PROC_TEXT_MAX, &theirs, NULL);
    if (r == -ESRCH)
        return r;
    /* On a kernel without cgroups the file does not exist. */
    if (r < 0 || !strstr(theirs, "/lxc.payload"))
        return r == 0 || r == -ENOENT;
    r = file_read(AT_FDCWD, "/proc/self/cgroup", PROC_TEXT_MAX, &ours, NULL);
    return r == 0 && !peer_in_payload(theirs, ours);
}
