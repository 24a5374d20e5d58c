/* Removing the cgroups of a container and killing the remaining processes. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/cgroup/directory.h"
#include "core/cgroup/hierarchy.h"

#define REMOVE_TIMEOUT_MS 2000

int hierarchy_remove_payload(struct cgroup_hierarchy *h, const char *path)
{
    int r = h->limit_fd < 0 ? 0 : cgroup_directory_remove(h->mount.base_fd, path, h->limit_kept);

    if (r < 0)
        return r;
    if (h->limit_fd != h->payload_fd)
        close_fd(&h->limit_fd);
    h->limit_fd = -1;
    close_fd(&h->payload_fd);
    close_fd(&h->tasks_fd);
    return 0;
}

/* A dead process is counted for some microseconds; the first attempts do not sleep a whole millisecond. */
static void cgroup_pause(int attempt)
{
    struct timespec pause = {0, attempt < 10 ? 50000 : 2000000};

    nanosleep(&pause, NULL);
}

int cgroup_destroy_payload(struct cgroup *g, struct error *err)
{
    int first = 0;

    if (!g->limit)
        return 0;
    for (size_t i = 0; i < g->count; i++) {
        struct cgroup_hierarchy *h = &g->hierarchies[i];
        int r = hierarchy_remove_payload(h, g->limit);

        for (int attempt = 0; r == -EBUSY && attempt < REMOVE_TIMEOUT_MS / 2; attempt++) {
            if (attempt % 100 == 5)
                (void)cgroup_kill(g, REMOVE_TIMEOUT_MS, NULL);
            cgroup_pause(attempt);
            r = hierarchy_remove_payload(h, g->limit);
        }
        if (r < 0 && first == 0)
            first = hierarchy_error(h, r, "remove", g->limit, err);
    }
    close_fd(&g->device_program);
    device_rules_free(&g->devices);
    if (first == 0) {
        free(g->limit);
        free(g->payload);
        g->limit = g->payload = NULL;
    }
    return first;
}

/* Move a process ("0": this process) to a cgroup, which is created if necessary and not removed. */
static int monitor_move_to(const struct cgroup_hierarchy *h, const char *pivot, const char *pid)
{
    cleanup_free char *file = format_string("%s/cgroup.procs", pivot);
    unsigned kept;
    int r = file ? cgroup_directory_make(h->mount.base_fd, pivot, hierarchy_has_cpuset(h), false, &kept)
                 : -ENOMEM;

    if (r < 0 && r != -EEXIST)
        return r;
    if (!h->mount.unified && strcmp(pid, "0") == 0)
        return hierarchy_enter_v1(h, pivot);
    return file_write_value(h->mount.base_fd, file, pid);
}

static int monitor_move_out(const struct cgroup_hierarchy *h, const char *pivot, const char *pid)
{
    int r;

    if (pivot)
        return monitor_move_to(h, pivot, pid);
    if (!h->mount.unified && strcmp(pid, "0") == 0)
        return hierarchy_enter_v1(h, "");
    r = file_write_value(h->mount.base_fd, "cgroup.procs", pid);
    /* v2 forbids processes in a base that has controllers beneath. */
    return r == -EBUSY ? monitor_move_to(h, "lxc.pivot", pid) : r;
}

/*
 * Move all processes out of the monitor's cgroup: those that a hook left running, or lxc-start if it had to
 * leave the base.
 */
static int monitor_move_all(const struct cgroup_hierarchy *h, const char *path, const char *pivot)
{
    cleanup_free char *file = format_string("%s/cgroup.procs", path), *pids = NULL;
    int r = file ? file_read(h->mount.base_fd, file, 1u << 20, &pids, NULL) : -ENOMEM;

    for (char *rest = pids, *pid; r == 0 && (pid = strsep(&rest, "\n"));) {
        if (*pid)
            r = monitor_move_out(h, pivot, pid);
        r = r == -ESRCH ? 0 : r;
    }
    return r;
}

static int hierarchy_remove_monitor(const struct cgroup *g, const struct cgroup_hierarchy *h)
{
    int r = g->in_monitor ? monitor_move_out(h, g->pivot, "0") : 0;

    if (r == 0)
        r = cgroup_directory_remove(h->mount.base_fd, g->monitor, h->monitor_kept);
    if (r == -EBUSY && monitor_move_all(h, g->monitor, g->pivot) == 0)
        r = cgroup_directory_remove(h->mount.base_fd, g->monitor, h->monitor_kept);
    return r;
}

static int cgroup_destroy_monitor(struct cgroup *g, struct error *err)
{
    int first = 0;

    for (size_t i = 0; g->monitor && i < g->count; i++) {
        struct cgroup_hierarchy *h = &g->hierarchies[i];
        int r = h->has_monitor ? hierarchy_remove_monitor(g, h) : 0;

        if (r < 0 && first == 0)
            first = hierarchy_error(h, r, "remove", g->monitor, err);
        close_fd(&h->monitor_fd);
        h->has_monitor = r < 0;
    }
    if (first == 0) {
        free(g->monitor);
        g->monitor = NULL;
        g->in_monitor = false;
    }
    return first;
}

int cgroup_destroy(struct cgroup *g, struct error *err)
{
    struct error second = ERROR_INIT;
    int r = cgroup_destroy_payload(g, err), r2 = cgroup_destroy_monitor(g, &second);

    if (r == 0 && r2 < 0 && err)
        *err = second;
    return r < 0 ? r : r2;
}
