/* Killing the processes in a container's cgroups. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/cgroup/hierarchy.h"

#define DEPTH_MAX                                                                                            \
    64 /* of a container's own v1 cgroups; processes beneath are killed after their parents have ended */

/* Kill the processes in a cgroup and in those beneath. Returns their number or a negative errno. */
static int cgroup_kill_tree(int fd, unsigned depth)
{
    cleanup_free char *pids = NULL;
    cleanup_fd int list = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_dir DIR *d = NULL;
    struct dirent *e;
    int count = 0, r = file_read(fd, "cgroup.procs", 16u << 20, &pids, NULL);

    /* A threaded v2 cgroup has no list of processes; they are in its parent's. */
    if (r < 0 && r != -EOPNOTSUPP)
        return r;
    for (char *rest = pids, *line; (line = strsep(&rest, "\n"));) {
        int64_t pid;
        /* 0: a process in a pid namespace that is not visible to us. */
        if (parse_int64(line, 10, 1, INT32_MAX, &pid) < 0)
            continue;
        (void)kill((pid_t)pid, SIGKILL);
        count++;
    }
    if (list >= 0 && depth < DEPTH_MAX)
        d = fdopendir(list);
    if (d)
        list = -1;
    while (d && (e = readdir(d))) {
        cleanup_fd int child = -1;

        if (e->d_type != DT_DIR || strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        child = openat(fd, e->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = child < 0 ? 0 : cgroup_kill_tree(child, depth + 1);
        count += r > 0 ? r : 0;
    }
    return count;
}

static void cgroup_pause_ms(int ms)
{
    struct timespec t = {0, ms * 1000000L};

    nanosleep(&t, NULL);
}

/* v1: kill until no process is found; a process forked during a pass is found in the next pass. */
static int cgroup_kill_v1(int fd, int64_t deadline)
{
    for (;;) {
        int r = cgroup_kill_tree(fd, 0);

        if (r <= 0)
            return r;
        if (deadline >= 0 && clock_monotonic_ms() >= deadline)
            return -ETIMEDOUT;
        cgroup_pause_ms(1);
    }
}

/*
 * Linux 5.14: cgroup-v2.rst, cgroup.kill. cgroup.events reports the end; it also counts exiting threads of
 * zombies as "populated".
 */
static int cgroup_kill_v2(int fd, int64_t deadline)
{
    cleanup_fd int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
    int r = events < 0 ? -errno : 0;

    for (char text[256]; r == 0;) {
        struct pollfd p = {events, POLLPRI, 0};
        int64_t left = deadline < 0 ? 1000 : deadline - clock_monotonic_ms();
        ssize_t n = pread(events, text, sizeof(text) - 1, 0);

        if (n < 0)
            return -errno;
        text[n] = '\0';
        if (strstr(text, "populated 0"))
            return 0;
        if (left <= 0)
            return -ETIMEDOUT;
        r = file_write_value(fd, "cgroup.kill", "1");
        if (r == -ENOENT) {
            r = cgroup_kill_tree(fd, 0);
            r = r < 0 ? r : 0;
        }
        if (r == 0)
            (void)poll(&p, 1, (int)(left < 100 ? left : 100));
    }
    return r;
}

int cgroup_kill(struct cgroup *g, int timeout_ms, struct error *err)
{
    const struct cgroup_hierarchy *freezer = cgroup_find(g, "freezer");
    int64_t deadline = timeout_ms < 0 ? -1 : clock_monotonic_ms() + timeout_ms;

    if (!g->payload)
        return 0;
    /* A frozen v1 process cannot be killed. */
    if (freezer && !freezer->mount.unified && freezer->limit_fd >= 0)
        (void)cgroup_freeze_fd(freezer->limit_fd, false, 0, NULL);
    for (size_t i = 0; i < g->count; i++) {
        const struct cgroup_hierarchy *h = &g->hierarchies[i];
        int r = h->limit_fd < 0    ? 0
                : h->mount.unified ? cgroup_kill_v2(h->limit_fd, deadline)
                                   : cgroup_kill_v1(h->limit_fd, deadline);

        if (r < 0)
            return hierarchy_error(h, r, "kill the processes in", g->limit, err);
    }
    return 0;
}
