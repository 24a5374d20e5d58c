/* Naming and making a container's cgroups. */
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

#define NAMES_MAX 1000 /* LXC gives up after "-999" */

bool hierarchy_has_cpuset(const struct cgroup_hierarchy *h)
{
    return !h->mount.unified && cgroup_controllers_have(h->mount.controllers, "cpuset");
}

static int check_directory(const char *key, const char *path, struct error *err)
{
    cleanup_free char *copy = path ? strdup(path) : NULL;
    char *rest = copy, *part;

    while ((part = strsep(&rest, "/")))
        if (!*part || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
            return error_text(err, EINVAL,
                              "%s = %s is no path beneath a hierarchy: no leading or double slash, no \"..\"",
                              key, path);
    return 0;
}

/* lxc.container.conf(5): lxc.cgroup.dir excludes the more exact keys, which come together. */
static int check_directories(const struct config *c, struct error *err)
{
    const struct {
        const char *key, *path;
    } keys[] = {{"lxc.cgroup.dir", c->cgroup_dir},
                {"lxc.cgroup.dir.container", c->cgroup_dir_container},
                {"lxc.cgroup.dir.monitor", c->cgroup_dir_monitor},
                {"lxc.cgroup.dir.monitor.pivot", c->cgroup_dir_monitor_pivot},
                {"lxc.cgroup.dir.container.inner", c->cgroup_dir_container_inner}};
    bool exact = c->cgroup_dir_container || c->cgroup_dir_monitor || c->cgroup_dir_container_inner;

    if (exact && c->cgroup_dir)
        return error_text(err, EINVAL, "lxc.cgroup.dir excludes lxc.cgroup.dir.container and .monitor");
    if (exact && !(c->cgroup_dir_container && c->cgroup_dir_monitor))
        return error_text(err, EINVAL, "lxc.cgroup.dir.container and lxc.cgroup.dir.monitor go together");
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
        int r = check_directory(keys[i].key, keys[i].path, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* lxc.system.conf(5), lxc.cgroup.pattern: "%n" is the name. NULL when out of memory. */
static char *expand_pattern(const char *pattern, const char *name, const char *leaf)
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
static char *first_name(const char *kind, const char *exact, const char *name, const struct config *c)
{
    const char *pattern = global_item("lxc.cgroup.pattern");

    if (exact)
        return strdup(exact);
    if (c->cgroup_dir)
        return format_string("%s/%s.%s", c->cgroup_dir, kind, name);
    if (pattern && *pattern)
        return expand_pattern(pattern, name, kind);
    return format_string("%s.%s", kind, name);
}

/* What to make in each hierarchy. */
struct making {
    struct cgroup *cgroup;
    const struct config *config;
    bool stays; /* the monitor, in v1, where the person who started it is */
    int (*make)(const struct making *m, struct cgroup_hierarchy *h, const char *path, struct error *err);
    void (*unmake)(struct cgroup_hierarchy *h, const char *path);
};

/* Make one cgroup in every hierarchy, by the first name that is free in all of them. */
static int make_everywhere(const struct making *m, const char *first, bool is_exact, char **made,
                           struct error *err)
{
    struct cgroup *g = m->cgroup;

    for (int number = 0; number < (is_exact ? 1 : NAMES_MAX); number++) {
        cleanup_free char *path = number ? format_string("%s-%d", first, number) : strdup(first);
        size_t i = 0;
        int r = path ? 0 : error_set(err, ENOMEM, "cannot make cgroups");

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
    return is_exact ? error_remedy(err, "end what runs in it and remove it, or name another one") : -EEXIST;
}

/* Fill `err`, except for a name that is taken. */
static int make_failed(const struct cgroup_hierarchy *h, const char *path, int r, struct error *err)
{
    return r == -EEXIST ? r : hierarchy_error(h, r, "make", path, err);
}

static void unmake_payload(struct cgroup_hierarchy *h, const char *path)
{
    (void)hierarchy_remove_payload(h, path);
}

/* The files that cgroups(7), "Cgroups delegation", names. `uid` -1: unchanged. */
static int give(const struct cgroup_hierarchy *h, uid_t uid, gid_t gid)
{
    static const char *const files[] = {"cgroup.procs", "tasks", "cgroup.threads", "cgroup.subtree_control",
                                        "memory.oom.group"};

    if (fchownat(h->payload_fd, "", uid, gid, AT_EMPTY_PATH) < 0 || fchmodat(h->payload_fd, ".", 0775, 0) < 0)
        return -errno;
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        /* A file is of one kind of hierarchy or the other, or of newer kernels. */
        if (fchownat(h->payload_fd, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) == 0)
            (void)fchmodat(h->payload_fd, files[i], 0664, 0);
    }
    return 0;
}

static void give_to_container(const struct cgroup_hierarchy *h, const struct config *c)
{
    uint32_t uid, gid;
    int r;

    if (!c->idmap_count || geteuid() != 0 || idmap_to_host(c, false, 0, &uid) < 0 ||
        idmap_to_host(c, true, 0, &gid) < 0)
        return;
    r = give(h, uid, gid);
    if (r < 0)
        log_warn("cgroup", "cannot give the container its cgroup in %s: %s", h->mount.controllers,
                 strerror(-r));
}

void cgroup_give_inside(const struct cgroup *g)
{
    for (size_t i = 0; i < g->count; i++)
        (void)give(&g->hierarchies[i], (uid_t)-1, 0);
}

static int make_payload(const struct making *m, struct cgroup_hierarchy *h, const char *path,
                        struct error *err)
{
    const struct config *c = m->config;
    const char *inner = c->cgroup_dir_container_inner;
    int r = cgroup_directory_make(h->mount.base_fd, path, hierarchy_has_cpuset(h), true, &h->limit_kept);
    unsigned kept;

    if (r < 0)
        return make_failed(h, path, r, err);
    h->limit_fd = h->payload_fd = r;
    r = 0;
    /* Before Linux 5.11 a limit did not hold for cgroups beneath by itself; later ones take 1 and ignore it.
     */
    if (cgroup_controllers_have(h->mount.controllers, "memory"))
        (void)file_write_value(h->limit_fd, "memory.use_hierarchy", "1");
    if (inner) {
        h->payload_fd = -1;
        /* Rule "a" cannot be changed any more once there is a cgroup beneath: devices.rst. */
        if (cgroup_controllers_have(h->mount.controllers, "devices"))
            r = cgroup_limit_v1_devices(m->cgroup, c, err);
        if (r == 0) {
            r = cgroup_directory_make(h->limit_fd, inner, hierarchy_has_cpuset(h), true, &kept);
            h->payload_fd = r;
            r = r < 0 ? make_failed(h, inner, r, err) : 0;
        }
    }
    if (r == 0 && !h->mount.unified) {
        h->tasks_fd = openat(h->payload_fd, "tasks", O_WRONLY | O_CLOEXEC);
        if (h->tasks_fd < 0)
            r = make_failed(h, path, -errno, err);
    }
    if (r < 0)
        unmake_payload(h, path);
    else
        give_to_container(h, c);
    return r;
}

static void unmake_monitor(struct cgroup_hierarchy *h, const char *path)
{
    close_fd(&h->monitor_fd);
    if (h->has_monitor)
        (void)cgroup_directory_remove(h->mount.base_fd, path, h->monitor_kept);
    h->has_monitor = false;
}

/* The v2 hierarchy's real root, which has no type: cgroups(7), "cgroup.type". */
static bool is_root(const struct cgroup_hierarchy *h)
{
    return h->mount.unified && !h->mount.base[0] && faccessat(h->mount.base_fd, "cgroup.type", F_OK, 0) < 0;
}

static int make_monitor(const struct making *m, struct cgroup_hierarchy *h, const char *path,
                        struct error *err)
{
    bool v2_alone = m->cgroup->layout == CGROUP_UNIFIED;
    int r;

    if (v2_alone ? h->mount.inside && is_root(h) : h->mount.unified || m->stays)
        return 0;
    r = cgroup_directory_make(h->mount.base_fd, path, hierarchy_has_cpuset(h), h->mount.unified,
                              &h->monitor_kept);
    if (r < 0)
        return make_failed(h, path, r, err);
    h->has_monitor = true;
    if (h->mount.unified)
        h->monitor_fd = r;
    return 0;
}

/* Let what is beneath a cgroup have the controllers. 0, or -EBUSY where processes are in the way. */
static int enable_controllers(int fd, const char *controllers)
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
    /* One that cannot be had (cpu beside realtime processes, a threaded cgroup) leaves us the others. */
    all = strbuf_take(&b);
    rest = all;
    while ((name = strsep(&rest, " "))) {
        r = file_write_value(fd, "cgroup.subtree_control", name);
        if (r < 0)
            log_info("cgroup", "controller %s is not to be had: %s", name + 1, strerror(-r));
    }
    return 0;
}

/* In the base and in each cgroup of `path` above the last. */
static int enable_along(int base_fd, const char *path, const char *controllers)
{
    const char *slash = path;
    int r = enable_controllers(base_fd, controllers);

    while (r == 0 && (slash = strchr(slash, '/'))) {
        cleanup_free char *part = strndup(path, (size_t)(slash - path));
        cleanup_fd int fd = part ? openat(base_fd, part, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

        if (fd < 0)
            return part ? -errno : -ENOMEM;
        r = enable_controllers(fd, controllers);
        slash++;
    }
    return r;
}

/*
 * A base that is not the root may not have controllers beneath it while processes are in it. We are one, most
 * often the only one: then the monitor's cgroup is where to go.
 */
static int delegate_controllers(struct cgroup *g, struct error *err)
{
    struct cgroup_hierarchy *h = &g->hierarchies[0];
    int r;

    if (g->layout != CGROUP_UNIFIED || !h->v2_controllers[0])
        return 0;
    r = enable_along(h->mount.base_fd, g->payload, h->v2_controllers);
    if (r == -EBUSY && h->mount.inside && h->monitor_fd >= 0 &&
        file_write_value(h->monitor_fd, "cgroup.procs", "0") == 0) {
        h->mount.inside = false;
        g->in_monitor = true;
        r = enable_along(h->mount.base_fd, g->payload, h->v2_controllers);
    }
    if (r == -EBUSY) {
        log_warn("cgroup", "other processes in /%s keep the container from cgroup controllers",
                 h->mount.base);
        return 0;
    }
    return r < 0 ? error_set(err, r, "cannot enable cgroup controllers for %s", g->payload) : 0;
}

int cgroup_create(struct cgroup *g, const char *name, bool foreground, const struct config *c,
                  struct error *err)
{
    const bool stays = foreground && !c->cgroup_dir_monitor && !c->cgroup_dir;
    const struct making monitors = {g, c, stays, make_monitor, unmake_monitor},
                        payloads = {g, c, stays, make_payload, unmake_payload};
    cleanup_free char *payload = NULL, *monitor = NULL;
    int r = check_directories(c, err);

    if (r < 0 || !g->count)
        return r;
    payload = first_name("lxc.payload", c->cgroup_dir_container, name, c);
    monitor = first_name("lxc.monitor", c->cgroup_dir_monitor, name, c);
    if (c->cgroup_dir_monitor_pivot)
        g->pivot = format_string("%s/lxc.pivot", c->cgroup_dir_monitor_pivot);
    if (!payload || !monitor || (c->cgroup_dir_monitor_pivot && !g->pivot))
        return error_set(err, ENOMEM, "cannot name the container's cgroups");
    r = make_everywhere(&monitors, monitor, c->cgroup_dir_monitor, &g->monitor, err);
    if (r == 0)
        r = make_everywhere(&payloads, payload, c->cgroup_dir_container, &g->limit, err);
    if (r == 0) {
        g->payload = c->cgroup_dir_container_inner
                         ? format_string("%s/%s", g->limit, c->cgroup_dir_container_inner)
                         : strdup(g->limit);
        r = g->payload ? delegate_controllers(g, err) : error_set(err, ENOMEM, "cannot make cgroups");
    }
    if (r < 0)
        (void)cgroup_destroy(g, NULL);
    return r;
}
