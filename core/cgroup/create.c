/* Naming and creating the cgroups of a container. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/cgroup/directory.h"
#include "core/cgroup/hierarchy.h"
#include "core/config/global.h"
#include "core/config/idmap.h"

#define NAMES_MAX 1000 /* LXC stops after "-999" */

bool hierarchy_has_cpuset(const struct cgroup_hierarchy *h)
{
    return !h->mount.unified && cgroup_controllers_have(h->mount.controllers, "cpuset");
}

static int cgroup_check_directory(const char *key, const char *path, struct error *err)
{
    cleanup_free char *copy = path ? strdup(path) : NULL;
    char *rest = copy, *part;

    while ((part = strsep(&rest, "/")))
        if (!*part || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
            return error_text(
                err, EINVAL,
                "%s = %s is not a path beneath a hierarchy: leading slash, double slash or \"..\"", key,
                path);
    return 0;
}

/* lxc.container.conf(5): lxc.cgroup.dir excludes the more specific keys, which must be set together. */
static int cgroup_check_directories(const struct config *c, struct error *err)
{
    const struct {
        const char *key, *path;
    } keys[] = {{"lxc.cgroup.dir", c->cgroup_dir},
                {"lxc.cgroup.dir.container", c->cgroup_dir_container},
                {"lxc.cgroup.dir.monitor", c->cgroup_dir_monitor},
                {"lxc.cgroup.dir.monitor.pivot", c->cgroup_dir_monitor_pivot},
                {"lxc.cgroup.dir.container.inner", c->cgroup_dir_container_inner}};
    bool exact = c->cgroup_dir_container || c->cgroup_dir_monitor;

    if (exact && c->cgroup_dir)
        return error_text(err, EINVAL,
                          "lxc.cgroup.dir and lxc.cgroup.dir.container or .monitor exclude each other");
    if (exact && !(c->cgroup_dir_container && c->cgroup_dir_monitor))
        return error_text(err, EINVAL,
                          "lxc.cgroup.dir.container and lxc.cgroup.dir.monitor must be set together");
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        int r = cgroup_check_directory(keys[i].key, keys[i].path, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* lxc.system.conf(5), lxc.cgroup.pattern: "%n" is the name. NULL when out of memory. */
static char *cgroup_expand_pattern(const char *pattern, const char *name, const char *leaf)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;
    int r = 0;

    for (const char *p = pattern; *p && r == 0; p++) {
        bool is_name = p[0] == '%' && p[1] == 'n';
        r = is_name ? strbuf_puts(&b, name) : strbuf_add(&b, p, 1);
        p += is_name;
    }
    if (r == 0)
        r = strbuf_printf(&b, "/%s", leaf);
    return r < 0 ? NULL : strbuf_take(&b);
}

/* `kind`: "lxc.payload" or "lxc.monitor". */
static char *cgroup_first_name(const char *kind, const char *exact, const char *name, const struct config *c)
{
    const char *pattern = global_item("lxc.cgroup.pattern");

    if (exact)
        return strdup(exact);
    if (c->cgroup_dir)
        return format_string("%s/%s.%s", c->cgroup_dir, kind, name);
    if (pattern && *pattern)
        return cgroup_expand_pattern(pattern, name, kind);
    return format_string("%s.%s", kind, name);
}

/* The cgroup to create in each hierarchy. */
struct creation {
    struct cgroup *cgroup;
    const struct config *config;
    bool stays; /* in v1, the monitor stays in the cgroup of its caller */
    int (*make)(const struct creation *m, struct cgroup_hierarchy *h, const char *path, struct error *err);
    void (*unmake)(struct cgroup_hierarchy *h, const char *path);
};

/* Create one cgroup in every hierarchy, with the first name that is free in all of them. */
static int cgroup_make_all(const struct creation *m, const char *first, bool is_exact, char **made,
                           struct error *err)
{
    struct cgroup *g = m->cgroup;

    for (int number = 0; number < (is_exact ? 1 : NAMES_MAX); number++) {
        cleanup_free char *path = number ? format_string("%s-%d", first, number) : strdup(first);
        size_t i = 0;
        int r = path ? 0 : error_set(err, ENOMEM, "cannot create cgroups");

        while (r == 0 && i < g->count) {
            r = m->make(m, &g->hierarchies[i], path, err);
            i += r == 0;
        }
        if (r == 0) {
            *made = take_ptr(path);
            return 0;
        }
        while (i-- > 0)
            m->unmake(&g->hierarchies[i], path);
        if (r != -EEXIST)
            return r;
    }
    error_text(err, EEXIST, "cgroup %s exists already", first);
    return is_exact ? error_remedy(err, "stop its processes and remove it, or set another path") : -EEXIST;
}

/* Fill `err`, except if the name is in use. */
static int hierarchy_make_error(const struct cgroup_hierarchy *h, const char *path, int r, struct error *err)
{
    return r == -EEXIST ? r : hierarchy_error(h, r, "make", path, err);
}

static void hierarchy_unmake_payload(struct cgroup_hierarchy *h, const char *path)
{
    (void)hierarchy_remove_payload(h, path);
}

/* Change the owner of the files listed in cgroups(7), "Cgroups delegation". `uid` -1: unchanged. */
static int hierarchy_delegate(const struct cgroup_hierarchy *h, uid_t uid, gid_t gid)
{
    static const char *const files[] = {"cgroup.procs", "tasks", "cgroup.threads", "cgroup.subtree_control",
                                        "memory.oom.group"};

    if (fchownat(h->payload_fd, "", uid, gid, AT_EMPTY_PATH) < 0 || fchmodat(h->payload_fd, ".", 0775, 0) < 0)
        return -errno;
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        /* Some files exist only in v1 or v2, or in later kernels. */
        if (fchownat(h->payload_fd, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) == 0)
            (void)fchmodat(h->payload_fd, files[i], 0664, 0);
    }
    return 0;
}

static void hierarchy_delegate_to_container(const struct cgroup_hierarchy *h, const struct config *c)
{
    uint32_t uid, gid;
    int r;

    if (!c->idmap_count || geteuid() != 0 || idmap_to_host(c, false, 0, &uid) < 0 ||
        idmap_to_host(c, true, 0, &gid) < 0)
        return;
    r = hierarchy_delegate(h, uid, gid);
    if (r < 0)
        log_warn("cgroup", "cannot delegate the cgroup in %s to the container: %s", h->mount.controllers,
                 strerror(-r));
}

void cgroup_delegate_inside(const struct cgroup *g)
{
    for (size_t i = 0; i < g->count; i++)
        (void)hierarchy_delegate(&g->hierarchies[i], (uid_t)-1, 0);
}

static int hierarchy_make_payload(const struct creation *m, struct cgroup_hierarchy *h, const char *path,
                                  struct error *err)
{
    const struct config *c = m->config;
    const char *inner = c->cgroup_dir_container_inner;
    int r = cgroup_directory_make(h->mount.base_fd, path, hierarchy_has_cpuset(h), true, &h->limit_kept);
    unsigned kept;

    if (r < 0)
        return hierarchy_make_error(h, path, r, err);
    h->limit_fd = h->payload_fd = r;
    r = 0;
    /* Before Linux 5.11 limits were not hierarchical by default; later kernels accept and ignore 1. */
    if (cgroup_controllers_have(h->mount.controllers, "memory"))
        (void)file_write_value(h->limit_fd, "memory.use_hierarchy", "1");
    if (inner) {
        h->payload_fd = -1;
        /* Rule "a" cannot be changed after a child cgroup exists: devices.rst. */
        if (cgroup_controllers_have(h->mount.controllers, "devices"))
            r = cgroup_limit_v1_devices_early(m->cgroup, c, err);
        if (r == 0) {
            r = cgroup_directory_make(h->limit_fd, inner, hierarchy_has_cpuset(h), true, &kept);
            h->payload_fd = r;
            r = r < 0 ? hierarchy_make_error(h, inner, r, err) : 0;
        }
    }
    if (r == 0 && !h->mount.unified) {
        h->tasks_fd = openat(h->payload_fd, "tasks", O_WRONLY | O_CLOEXEC);
        if (h->tasks_fd < 0)
            r = hierarchy_make_error(h, path, -errno, err);
    }
    if (r < 0)
        hierarchy_unmake_payload(h, path);
    else
        hierarchy_delegate_to_container(h, c);
    return r;
}

static void hierarchy_unmake_monitor(struct cgroup_hierarchy *h, const char *path)
{
    close_fd(&h->monitor_fd);
    if (h->has_monitor)
        (void)cgroup_directory_remove(h->mount.base_fd, path, h->monitor_kept);
    h->has_monitor = false;
}

/* Whether this is the real root of the v2 hierarchy, which has no type: cgroups(7), "cgroup.type". */
static bool hierarchy_is_root(const struct cgroup_hierarchy *h)
{
    return h->mount.unified && !h->mount.base[0] && faccessat(h->mount.base_fd, "cgroup.type", F_OK, 0) < 0;
}

static int hierarchy_make_monitor(const struct creation *m, struct cgroup_hierarchy *h, const char *path,
                                  struct error *err)
{
    bool v2_alone = m->cgroup->layout == CGROUP_UNIFIED;
    int r;

    if (v2_alone ? h->mount.inside && hierarchy_is_root(h) : h->mount.unified || m->stays)
        return 0;
    r = cgroup_directory_make(h->mount.base_fd, path, hierarchy_has_cpuset(h), h->mount.unified,
                              &h->monitor_kept);
    if (r < 0)
        return hierarchy_make_error(h, path, r, err);
    h->has_monitor = true;
    if (h->mount.unified)
        h->monitor_fd = r;
    return 0;
}

/* Enable the controllers for the children of a cgroup. 0, or -EBUSY if the cgroup has processes. */
static int cgroup_enable_controllers(int fd, const char *controllers)
{
    cleanup_free char *copy = strdup(controllers), *all = NULL;
    cleanup_strbuf struct strbuf b = STRBUF_INIT;
    char *rest = copy, *name;
    int r = copy ? 0 : -ENOMEM;

    while (r == 0 && (name = strsep(&rest, " ")))
        if (*name)
            r = strbuf_printf(&b, "%s+%s", b.length ? " " : "", name);
    if (r < 0 || !b.length)
        return r;
    r = file_write_value(fd, "cgroup.subtree_control", b.text);
    if (r == 0 || r == -EBUSY)
        return r;
    /* If a controller is not available (cpu with realtime processes, a threaded cgroup), use the others. */
    all = strbuf_take(&b);
    rest = all;
    while ((name = strsep(&rest, " "))) {
        r = file_write_value(fd, "cgroup.subtree_control", name);
        if (r < 0)
            log_info("cgroup", "controller %s is not available: %s", name + 1, strerror(-r));
    }
    return 0;
}

/* Enable them in the base and in each cgroup of `path` except the last. */
static int cgroup_enable_along(int base_fd, const char *path, const char *controllers)
{
    const char *slash = path;
    int r = cgroup_enable_controllers(base_fd, controllers);

    while (r == 0 && (slash = strchr(slash, '/'))) {
        cleanup_free char *part = strndup(path, (size_t)(slash - path));
        cleanup_fd int fd = part ? openat(base_fd, part, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

        if (fd < 0)
            return part ? -errno : -ENOMEM;
        r = cgroup_enable_controllers(fd, controllers);
        slash++;
    }
    return r;
}

/*
 * A base other than the root cannot enable controllers for its children while it has processes. This process
 * is one of them, usually the only one: then it moves to the monitor's cgroup.
 */
static int cgroup_enable_payload_controllers(struct cgroup *g, struct error *err)
{
    struct cgroup_hierarchy *h = &g->hierarchies[0];
    int r;

    if (g->layout != CGROUP_UNIFIED || !h->v2_controllers[0])
        return 0;
    r = cgroup_enable_along(h->mount.base_fd, g->payload, h->v2_controllers);
    if (r == -EBUSY && h->mount.inside && h->monitor_fd >= 0 &&
        file_write_value(h->monitor_fd, "cgroup.procs", "0") == 0) {
        h->mount.inside = false;
        g->in_monitor = true;
        r = cgroup_enable_along(h->mount.base_fd, g->payload, h->v2_controllers);
    }
    if (r == -EBUSY) {
        log_warn("cgroup", "other processes in /%s prevent the use of cgroup controllers", h->mount.base);
        return 0;
    }
    return r < 0 ? error_set(err, r, "cannot enable cgroup controllers for %s", g->payload) : 0;
}

int cgroup_create_monitor(struct cgroup *g, const char *name, bool foreground, const struct config *c,
                          struct error *err)
{
    const bool stays = foreground && !c->cgroup_dir_monitor && !c->cgroup_dir;
    const struct creation monitors = {g, c, stays, hierarchy_make_monitor, hierarchy_unmake_monitor};
    cleanup_free char *monitor = NULL;

    if (g->monitor || !g->count)
        return 0;
    monitor = cgroup_first_name("lxc.monitor", c->cgroup_dir_monitor, name, c);
    if (c->cgroup_dir_monitor_pivot && !g->pivot)
        g->pivot = format_string("%s/lxc.pivot", c->cgroup_dir_monitor_pivot);
    if (!monitor || (c->cgroup_dir_monitor_pivot && !g->pivot))
        return error_set(err, ENOMEM, "cannot create cgroup names for the monitor");
    return cgroup_make_all(&monitors, monitor, c->cgroup_dir_monitor, &g->monitor, err);
}

int cgroup_create(struct cgroup *g, const char *name, bool foreground, const struct config *c,
                  struct error *err)
{
    const struct creation payloads = {g, c, false, hierarchy_make_payload, hierarchy_unmake_payload};
    cleanup_free char *payload = NULL;
    int r = cgroup_check_directories(c, err);

    if (r < 0 || !g->count)
        return r;
    payload = cgroup_first_name("lxc.payload", c->cgroup_dir_container, name, c);
    if (!payload)
        return error_set(err, ENOMEM, "cannot create cgroup names for the container");
    if (g->layout == CGROUP_UNIFIED)
        r = cgroup_create_monitor(g, name, foreground, c, err);
    if (r == 0)
        r = cgroup_make_all(&payloads, payload, c->cgroup_dir_container, &g->limit, err);
    if (r == 0) {
        g->payload = c->cgroup_dir_container_inner
                         ? format_string("%s/%s", g->limit, c->cgroup_dir_container_inner)
                         : strdup(g->limit);
        r = g->payload ? cgroup_enable_payload_controllers(g, err)
                       : error_set(err, ENOMEM, "cannot create cgroups");
    }
    if (r < 0)
        (void)cgroup_destroy(g, NULL);
    return r;
}
