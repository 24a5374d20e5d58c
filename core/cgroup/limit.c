/* lxc.cgroup.*, lxc.cgroup2.*: what a container may use. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/cgroup/hierarchy.h"

static bool is_devices(const char *file)
{
    return starts_with(file, "devices.");
}

static int no_controller(const char *prefix, const char *file, struct error *err)
{
    error_text(err, ENOENT, "cannot set %s%s: this host has no such cgroup controller for us", prefix, file);
    return error_remedy(err, "mount the controller, or remove the key");
}

/* The part of "memory.max" before the dot. */
static const struct cgroup_hierarchy *hierarchy_of(const struct cgroup *g, const char *file)
{
    char controller[64];
    size_t length = strcspn(file, ".");

    if (length >= sizeof(controller))
        return NULL;
    memcpy(controller, file, length);
    controller[length] = '\0';
    return cgroup_find(g, controller);
}

static int set_limit(const struct cgroup *g, const char *prefix, const struct config_pair *p,
                     struct error *err)
{
    const struct cgroup_hierarchy *h = hierarchy_of(g, p->name);
    int r;

    if (!h || h->limit_fd < 0 || strchr(p->name, '/'))
        return no_controller(prefix, p->name, err);
    r = file_write_value(h->limit_fd, p->name, p->value);
    /* A cpuset holds only what its parent does, and does not follow when that grows. */
    if (r == 0 && !h->mount.unified && h->payload_fd != h->limit_fd && starts_with(p->name, "cpuset."))
        r = file_write_value(h->payload_fd, p->name, p->value);
    if (r < 0)
        return error_set(err, r, "cannot set %s%s to %s", prefix, p->name, p->value);
    return 0;
}

/* memory.memsw.limit_in_bytes may not be below memory.limit_in_bytes at any moment, so it comes last. */
static bool comes_last(const char *file)
{
    return strcmp(file, "memory.memsw.limit_in_bytes") == 0;
}

/* Which keys hold on this host, and their prefix. */
static const struct config_pairs *pairs_for(const struct cgroup *g, const struct config *c,
                                            const char **prefix)
{
    bool v2 = g->layout == CGROUP_UNIFIED;

    *prefix = v2 ? "lxc.cgroup2." : "lxc.cgroup.";
    return v2 ? &c->cgroup2 : &c->cgroup;
}

/* "memory" of "memory.max"; what v1 calls blkio is io in v2. */
static size_t controller_of(const char *file, const char **name)
{
    size_t length = strcspn(file, ".");

    *name = file;
    if (length == 5 && starts_with(file, "blkio")) {
        *name += 3;
        length -= 3;
    }
    return length;
}

/* Does a setting for this host do what one for the other kind would: the same device rule, the same
 * controller? */
static bool has_counterpart(const struct config_pairs *pairs, const char *file, const char *value)
{
    const char *name, *other;
    size_t length = controller_of(file, &name);

    for (size_t i = 0; i < pairs->count; i++) {
        const struct config_pair *p = &pairs->items[i];

        if (is_devices(file) ? strcmp(p->name, file) == 0 && strcmp(p->value, value) == 0
                             : controller_of(p->name, &other) == length && memcmp(other, name, length) == 0)
            return true;
    }
    return false;
}

/* Settings of the other kind of host are ignored, as LXC does: one configuration may serve both kinds. Where
 * it serves only the other one, a container without its limits must not start without a word. */
static void warn_of_other_kind(const struct cgroup *g, const struct config *c)
{
    const char *own, *other = g->layout == CGROUP_UNIFIED ? "lxc.cgroup." : "lxc.cgroup2.";
    const struct config_pairs *pairs = pairs_for(g, c, &own);

    for (size_t i = 0; i < c->assignments.count; i++) {
        const struct config_assignment *a = &c->assignments.items[i];
        const char *file = a->key + strlen(other);

        if (starts_with(a->key, other) && !starts_with(file, "dir") && strcmp(file, "relative") != 0 &&
            config_assignment_holds(c, i) && !has_counterpart(pairs, file, a->value))
            log_warn("cgroup", "%s: %s = %s has no effect: this host has cgroup v%d (set %s* as well)",
                     a->origin, a->key, a->value, g->layout == CGROUP_UNIFIED ? 2 : 1, own);
    }
}

int cgroup_limit(struct cgroup *g, const struct config *c, struct error *err)
{
    const char *prefix;
    const struct config_pairs *pairs = pairs_for(g, c, &prefix);

    warn_of_other_kind(g, c);
    for (int last = 0; last < 2; last++) {
        for (size_t i = 0; i < pairs->count; i++) {
            const struct config_pair *p = &pairs->items[i];
            int r = is_devices(p->name) || comes_last(p->name) != last ? 0 : set_limit(g, prefix, p, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* ---- Devices ---- */

/* The v1 controller's two files, opened once for all rules. */
struct device_files {
    int dirfd, allow, deny;
};

static void device_files_close(struct device_files *f)
{
    close_fd(&f->allow);
    close_fd(&f->deny);
}

static int write_device(struct device_files *f, const struct device_rule *rule, bool allow)
{
    int *fd = allow ? &f->allow : &f->deny;
    char text[64];

    if (*fd < 0)
        *fd = openat(f->dirfd, allow ? "devices.allow" : "devices.deny", O_WRONLY | O_CLOEXEC);
    if (*fd < 0)
        return -errno;
    device_rule_format(rule, text, sizeof(text));
    return write(*fd, text, strlen(text)) < 0 ? -errno : 0;
}

/*
 * 1: `p` is a rule, now in *rule; 0: it is none. Only the two files for writing are keys.
 */
static int read_rule(const char *prefix, const struct config_pair *p, struct device_rule *rule, bool *allow,
                     struct error *err)
{
    int r;

    if (!is_devices(p->name))
        return 0;
    *allow = strcmp(p->name, "devices.allow") == 0;
    if (!*allow && strcmp(p->name, "devices.deny") != 0)
        return error_text(err, EINVAL, "%s%s is not to be set: devices.allow and devices.deny are", prefix,
                          p->name);
    r = device_rule_parse(p->value, rule, err);
    return r < 0 ? error_context(err, "%s%s", prefix, p->name) : 1;
}

int cgroup_limit_v1_devices(struct cgroup *g, const struct config *c, struct error *err)
{
    const struct config_pairs *pairs = &c->cgroup;
    const struct cgroup_hierarchy *h = cgroup_find(g, "devices");
    __attribute__((cleanup(device_files_close))) struct device_files files = {-1, -1, -1};

    for (size_t i = 0; i < pairs->count; i++) {
        struct device_rule rule;
        bool allow;
        int r = read_rule("lxc.cgroup.", &pairs->items[i], &rule, &allow, err);

        if (r == 0)
            continue;
        if (r < 0)
            return r;
        if (!h || h->limit_fd < 0)
            return no_controller("lxc.cgroup.", pairs->items[i].name, err);
        files.dirfd = h->limit_fd;
        r = write_device(&files, &rule, allow);
        /*
         * A container in a container cannot have more than the outer one, nor change anything where it has
         * no rights over the host's devices; it cannot make device nodes there either.
         */
        if ((r == -EPERM || r == -EACCES) && (allow || c->idmap_count || geteuid() != 0)) {
            log_warn("cgroup", "device rule lxc.cgroup.%s = %s is refused: %s", pairs->items[i].name,
                     pairs->items[i].value, strerror(-r));
            continue;
        }
        if (r < 0)
            return error_set(err, r, "cannot set lxc.cgroup.%s to %s", pairs->items[i].name,
                             pairs->items[i].value);
    }
    return 0;
}

static int limit_v2_devices(struct cgroup *g, const struct config *c, struct error *err)
{
    const struct config_pairs *pairs = &c->cgroup2;
    bool any = false;
    int r;

    for (size_t i = 0; i < pairs->count; i++) {
        struct device_rule rule;
        bool allow;

        r = read_rule("lxc.cgroup2.", &pairs->items[i], &rule, &allow, err);
        if (r < 0)
            return r;
        if (r == 1 && device_rules_apply(&g->devices, &rule, allow, NULL) < 0)
            return error_set(err, ENOMEM, "cannot read device rules");
        any |= r == 1;
    }
    if (!any)
        return 0;
    r = device_program_attach(&g->devices, g->hierarchies[0].limit_fd, &g->device_program, err);
    if (r == -EPERM && (c->idmap_count || geteuid() != 0)) {
        log_warn("cgroup", "no right to load BPF programs: device rules lxc.cgroup2.devices.* do not hold");
        error_clear(err);
        return 0;
    }
    return r;
}

int cgroup_limit_devices(struct cgroup *g, const struct config *c, struct error *err)
{
    const struct cgroup_hierarchy *h = cgroup_find(g, "devices");

    for (size_t i = 0; i < g->count; i++)
        close_fd(&g->hierarchies[i].tasks_fd);
    if (g->layout == CGROUP_UNIFIED)
        return limit_v2_devices(g, c, err);
    /* Done when the payload's cgroup was made beneath the limit's. */
    if (h && h->payload_fd != h->limit_fd)
        return 0;
    /* Without any hierarchy, those who have no rights over devices lose nothing by it. */
    if (!g->count && (c->idmap_count || geteuid() != 0))
        return 0;
    return cgroup_limit_v1_devices(g, c, err);
}

int cgroup_add_device(struct cgroup *g, const struct device_rule *rule, bool allow, struct error *err)
{
    const struct cgroup_hierarchy *h = cgroup_find(g, "devices");
    __attribute__((cleanup(device_files_close))) struct device_files files = {-1, -1, -1};
    bool changed;
    char text[64];
    int r;

    if (!h || h->limit_fd < 0)
        return error_text(err, ENOENT, "this host has no cgroup controller for devices");
    if (h->mount.unified) {
        if (device_rules_apply(&g->devices, rule, allow, &changed) < 0)
            return error_set(err, ENOMEM, "cannot add a device rule");
        return changed ? device_program_attach(&g->devices, h->limit_fd, &g->device_program, err) : 0;
    }
    files.dirfd = h->limit_fd;
    r = write_device(&files, rule, allow);
    return r < 0 ? error_set(err, r, "cannot %s device %s", allow ? "allow" : "deny",
                             device_rule_format(rule, text, sizeof(text)))
                 : 0;
}
