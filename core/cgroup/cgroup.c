#include "core/cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/cgroup/hierarchy.h"
#include "core/config/global.h"

int cgroup_open(struct cgroup *g, const struct config *c, struct error *err)
{
    __attribute__((cleanup(cgroup_mounts_free))) struct cgroup_mounts m = {.count = 0};
    struct error refused = ERROR_INIT;
    int r = cgroup_layout_read(c->cgroup_relative, global_item("lxc.cgroup.use"), &m, &refused, err);

    *g = (struct cgroup)CGROUP_INIT;
    if (r < 0)
        return r;
    if (refused.code)
        log_info("cgroup", "%s", refused.text);
    g->layout = cgroup_layout_of(&m);
    for (size_t i = 0; i < m.count; i++) {
        struct cgroup_hierarchy *h = &g->hierarchies[i];

        *h = (struct cgroup_hierarchy){
            .mount = m.items[i], .monitor_fd = -1, .limit_fd = -1, .payload_fd = -1, .tasks_fd = -1};
        g->count++;
    }
    m.count = 0;
    if (g->layout == CGROUP_UNIFIED) {
        struct cgroup_hierarchy *h = &g->hierarchies[0];

        r = file_read(h->mount.base_fd, "cgroup.controllers", 4096, &h->v2_controllers, NULL);
        if (r < 0)
            return error_set(err, r, "cannot read the list of cgroup controllers");
        h->v2_controllers[strcspn(h->v2_controllers, "\n")] = '\0';
    }
    return 0;
}

void cgroup_close(struct cgroup *g)
{
    for (size_t i = 0; i < g->count; i++) {
        struct cgroup_hierarchy *h = &g->hierarchies[i];

        close_fd(&h->mount.base_fd);
        free(h->mount.controllers);
        free(h->mount.mount_point);
        free(h->mount.root);
        free(h->mount.base);
        free(h->v2_controllers);
        close_fd(&h->monitor_fd);
        if (h->limit_fd != h->payload_fd)
            close_fd(&h->limit_fd);
        close_fd(&h->payload_fd);
        close_fd(&h->tasks_fd);
    }
    free(g->monitor);
    free(g->limit);
    free(g->payload);
    free(g->pivot);
    device_rules_free(&g->devices);
    close_fd(&g->device_program);
    *g = (struct cgroup)CGROUP_INIT;
}

int hierarchy_error(const struct cgroup_hierarchy *h, int r, const char *to_do, const char *path,
                    struct error *err)
{
    return error_set(err, r, "cannot %s cgroup %s/%s%s%s", to_do,
                     h->mount.mount_point ? h->mount.mount_point : "", h->mount.base,
                     h->mount.base[0] ? "/" : "", path);
}

const struct cgroup_hierarchy *cgroup_unified(const struct cgroup *g)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->hierarchies[i].mount.unified)
            return &g->hierarchies[i];
    return NULL;
}

int cgroup_payload_fd(const struct cgroup *g)
{
    const struct cgroup_hierarchy *h = cgroup_unified(g);

    return h ? h->payload_fd : -1;
}

int hierarchy_enter_v1(const struct cgroup_hierarchy *h, const char *path)
{
    cleanup_free char *tasks = format_string("%s%stasks", path, *path ? "/" : "");

    return tasks ? file_write_value(h->mount.base_fd, tasks, "0") : -ENOMEM;
}

static int hierarchy_enter_monitor(const struct cgroup *g, const struct cgroup_hierarchy *h)
{
    if (!h->mount.unified)
        return h->has_monitor ? hierarchy_enter_v1(h, g->monitor) : 0;
    if (h->monitor_fd < 0 && h->mount.inside)
        return 0;
    return file_write_value(h->monitor_fd >= 0 ? h->monitor_fd : h->mount.base_fd, "cgroup.procs", "0");
}

int cgroup_enter_monitor(struct cgroup *g, struct error *err)
{
    g->in_monitor = true;
    for (size_t i = 0; i < g->count; i++) {
        const struct cgroup_hierarchy *h = &g->hierarchies[i];
        int r = hierarchy_enter_monitor(g, h);

        if (r < 0)
            return error_set(err, r, "cannot enter cgroup %s in %s", g->monitor,
                             h->mount.unified ? "v2" : h->mount.controllers);
    }
    return 0;
}

int cgroup_enter_payload(struct cgroup *g, pid_t pid, bool cloned_into, struct error *err)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", (int)pid);
    for (size_t i = 0; i < g->count; i++) {
        struct cgroup_hierarchy *h = &g->hierarchies[i];
        int r = 0;

        if (h->mount.unified && cloned_into)
            continue;
        if (pid == 0 && h->tasks_fd >= 0)
            r = write(h->tasks_fd, "0", 1) < 0 ? -errno : 0;
        else
            r = file_write_value(h->payload_fd, "cgroup.procs", text);
        if (r < 0)
            return error_set(err, r, "cannot enter cgroup %s in %s", g->payload,
                             h->mount.unified ? "v2" : h->mount.controllers);
    }
    return 0;
}

const struct cgroup_hierarchy *cgroup_find(const struct cgroup *g, const char *controller)
{
    const struct cgroup_hierarchy *v2 = cgroup_unified(g);

    if (!controller || !*controller || strcmp(controller, "unified") == 0)
        return v2;
    for (size_t i = 0; i < g->count; i++)
        if (!g->hierarchies[i].mount.unified &&
            cgroup_controllers_have(g->hierarchies[i].mount.controllers, controller))
            return &g->hierarchies[i];
    if (g->layout != CGROUP_UNIFIED || !v2)
        return NULL;
    if (strcmp(controller, "devices") == 0 || strcmp(controller, "freezer") == 0 ||
        strcmp(controller, "cgroup") == 0)
        return v2;
    for (const char *p = v2->v2_controllers; *p; p += strspn(p, " ")) {
        size_t length = strcspn(p, " ");
        if (strlen(controller) == length && memcmp(p, controller, length) == 0)
            return v2;
        p += length;
    }
    return NULL;
}

char *cgroup_path(const struct cgroup *g, const struct cgroup_hierarchy *h, bool limit)
{
    const char *path = limit ? g->limit : g->payload;

    return path ? format_string("/%s%s%s", h->mount.base, h->mount.base[0] ? "/" : "", path) : NULL;
}
