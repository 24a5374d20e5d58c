/* Removing a container's cgroups, and the processes that are left in them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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

/* A process that has died stays counted for some microseconds, which is not worth a sleep of 1 ms at first.
 */
static void pause_before_try(int attempt)
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
            pause_before_try(attempt);
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

/* v2 forbids processes in a base that has controllers beneath, unless it is the root. */
static int leave_v2(const struct cgroup_hierarchy *h)
{
    int r = file_write_value(h->mount.base_fd, "cgroup.procs", "0");

    if (r != -EBUSY)
        return r;
    if (mkdirat(h->mount.base_fd, "lxc.pivot", 0755) < 0 && errno != EEXIST)
        return -errno;
    return file_write_value(h->mount.base_fd, "lxc.pivot/cgroup.procs", "0");
}

static int destroy_monitor(struct cgroup *g, struct error *err)
{
    int first = 0;

    for (size_t i = 0; g->monitor && i < g->count; i++) {
        struct cgroup_hierarchy *h = &g->hierarchies[i];
        int r;

        if (!h->has_monitor)
            continue;
        /* Empty if we never entered it. */
        r = cgroup_directory_remove(h->mount.base_fd, g->monitor, h->monitor_kept);
        if (r == -EBUSY) {
            r = h->mount.unified ? leave_v2(h) : hierarchy_enter_v1(h, "");
            if (r == 0)
                r = cgroup_directory_remove(h->mount.base_fd, g->monitor, h->monitor_kept);
        }
        if (r < 0 && first == 0)
            first = hierarchy_error(h, r, "remove", g->monitor, err);
        close_fd(&h->monitor_fd);
        h->has_monitor = r < 0;
    }
    if (first == 0) {
        free(g->monitor);
        g->monitor = NULL;
    }
    return first;
}

int cgroup_destroy(struct cgroup *g, struct error *err)
{
    struct error second = ERROR_INIT;
    int r = cgroup_destroy_payload(g, err), r2 = destroy_monitor(g, &second);

    if (r == 0 && r2 < 0 && err)
        *err = second;
    return r < 0 ? r : r2;
}
