/* lxc.cgroup.*, lxc.cgroup2.*: the limits of a container. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/cgroup/hierarchy.h"

static bool limit_is_devices(const char *file)
{
    return starts_with(file, "devices.");
}

static int limit_no_controller(const char *prefix, const char *file, struct error *err)
{
    error_text(err, ENOENT, "cannot set %s%s: this cgroup controller is not available on this host", prefix,
               file);
    return error_remedy(err, "mount the controller, or remove the key");
}

/* The part of "memory.max" before the dot. */
static const struct cgroup_hierarchy *limit_hierarchy(const struct cgroup *g, const char *file)
{
    char controller[64];
    size_t length = strcspn(file, ".");

    if (length >= sizeof(controller))
        return NULL;
    memcpy(controller, file, length);
    controller[length] = '\0';
    return cgroup_find(g, controller);
}

static int limit_set(const struct cgroup *g, const char *prefix, const struct config_pair *p,
                     struct error *err)
{
    const struct cgroup_hierarchy *h = limit_hierarchy(g, p->name);
    int r;

    if (!h || h->limit_fd < 0 || strchr(p->name, '/'))
        return limit_no_controller(prefix, p->name, err);
    r = file_write_value(h->limit_fd, p->name, p->value);
    /* A cpuset is a subset of its parent and is not extended with it. */
    if (r == 0 && !h->mount.unified && h->payload_fd != h->limit_fd && starts_with(p->name, "cpuset."))
        r = file_write_value(h->payload_fd, p->name, p->value);
    if (r < 0)
        return error_set(err, r, "cannot set %s%s to %s", prefix, p->name, p->value);
    return 0;
}

/* memory.memsw.limit_in_bytes must never be below memory.limit_in_bytes, so it is set last. */
static bool limit_comes_last(const char *file)
{
    return strcmp(file, "memory.memsw.limit_in_bytes") == 0;
}

/* The keys that apply on this host, and their prefix. */
static const struct config_pairs *limit_pairs(const struct cgroup *g, const struct config *c,
                                              const char **prefix)
{
    bool v2 = g->layout == CGROUP_UNIFIED;

    *prefix = v2 ? "lxc.cgroup2." : "lxc.cgroup.";
    return v2 ? &c->cgroup2 : &c->cgroup;
}

/* "memory" for "memory.max"; blkio of v1 is io in v2. */
static size_t limit_controller(const char *file, const char **name)
{
    size_t length = strcspn(file, ".");

    *name = file;
    if (length == 5 && starts_with(file, "blkio")) {
        *name += 3;
        length -= 3;
    }
    return length;
}

/*
 * Whether a setting for this host corresponds to one for the other cgroup version: the same device rule or
 * the same controller.
 */
static bool limit_has_counterpart(const struct config_pairs *pairs, const char *file, const char *value)
{
    const char *name, *other;
    size_t length = limit_controller(file, &name);

    for (size_t i = 0; i < pairs->count; i++) {
        const struct config_pair *p = &pairs->items[i];

        if (limit_is_devices(file)
                ? strcmp(p->name, file) == 0 && strcmp(p->value, value) == 0
                : limit_controller(p->name, &other) == length && memcmp(other, name, length) == 0)
            return true;
    }
    return false;
}

/*
 * Settings for the other cgroup version are ignored, as in LXC: one configuration can be used with both
 * versions. If it only has settings for the other version, warn that the container starts without its limits.
 */
static void limit_warn_ignored(const struct cgroup *g, const struct config *c)
{
    const char *own, *other = g->layout == CGROUP_UNIFIED ? "lxc.cgroup." : "lxc.cgroup2.";
    const struct config_pairs *pairs = limit_pairs(g, c, &own);

    for (size_t i = 0; i < c->assignments.count; i++) {
        const struct config_assignment *a = &c->assignments.items[i];
        const char *file = a->key + strlen(other);

        if (starts_with(a->key, other) && !starts_with(file, "dir") && strcmp(file, "relative") != 0 &&
            config_assignment_holds(c, i) && !limit_has_counterpart(pairs, file, a->value))
            log_warn("cgroup", "%s: %s = %s has no effect: this host has cgroup v%d (set %s* as well)",
                     a->origin, a->key, a->value, g->layout == CGROUP_UNIFIED ? 2 : 1, own);
    }
}

int cgroup_limit(struct cgroup *g, const struct config *c, struct error *err)
{
    const char *prefix;
    const struct config_pairs *pairs = limit_pairs(g, c, &prefix);

    limit_warn_ignored(g, c);
    for (int last = 0; last < 2; last++) {
        for (size_t i = 0; i < pairs->count; i++) {
            const struct config_pair *p = &pairs->items[i];
            int r = limit_is_devices(p->name) || limit_comes_last(p->name) != last
                        ? 0
                        : limit_set(g, prefix, p, err);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

/* ---- Devices ---- */

/* The two files of the v1 controller, opened once for all rules. */
struct device_files {
    int dirfd, allow, deny;
};

static void device_files_close(struct device_files *f)
{
    close_fd(&f->allow);
    close_fd(&f->deny);
}

static int device_files_write(struct device_files *f, const struct device_rule *rule, bool allow)
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
 * 1: `p` is a rule, which is stored in *rule; 0: it is not a rule. Only the two writable files are valid
 * keys.
 */
static int limit_read_rule(const char *prefix, const struct config_pair *p, struct device_rule *rule,
                           bool *allow, struct error *err)
{
    int r;

    if (!limit_is_devices(p->name))
        return 0;
    *allow = strcmp(p->name, "devices.allow") == 0;
    if (!*allow && strcmp(p->name, "devices.deny") != 0)
        return error_text(err, EINVAL, "%s%s cannot be set; use devices.allow and devices.deny", prefix,
                          p->name);
    r = device_rule_parse(p->value, rule, err);
    return r < 0 ? error_context(err, "%s%s", prefix, p->name) : 1;
}

static int cgroup_limit_v1_devices(struct cgroup *g, const struct config *c, struct error *err)
{
    const struct config_pairs *pairs = &c->cgroup;
    const struct cgroup_hierarchy *h = cgroup_find(g, "devices");
    __attribute__((cleanup(device_files_close))) struct device_files files = {-1, -1, -1};

    for (size_t i = 0; i < pairs->count; i++) {
        struct device_rule rule;
        bool allow;
        int r = limit_read_rule("lxc.cgroup.", &pairs->items[i], &rule, &allow, err);

        if (r == 0)
            continue;
        if (r < 0)
            return r;
        if (!h || h->limit_fd < 0)
            return limit_no_controller("lxc.cgroup.", pairs->items[i].name, err);
        files.dirfd = h->limit_fd;
        r = device_files_write(&files, &rule, allow);
        /*
         * A nested container cannot have more devices than the outer one. Without privileges over the host's
         * devices it cannot change rules, but it cannot create device nodes either.
         */
        if ((r == -EPERM || r == -EACCES) && (allow || c->idmap_count || geteuid() != 0)) {
            log_warn("cgroup", "device rule lxc.cgroup.%s = %s is rejected: %s", pairs->items[i].name,
                     pairs->items[i].value, strerror(-r));
            continue;
        }
        if (r < 0)
            return error_set(err, r, "cannot set lxc.cgroup.%s to %s", pairs->items[i].name,
                             pairs->items[i].value);
    }
    return 0;
}

/* Whether the rules deny every device but for exceptions, and whether one of these is every device of the
 * type. */
static bool limit_has_rule(const struct config *c, char type, bool allow)
{
    for (size_t i = 0; i < c->cgroup.count; i++) {
        struct device_rule rule;
        bool allows;

        if (limit_read_rule("lxc.cgroup.", &c->cgroup.items[i], &rule, &allows, NULL) == 1 &&
            allows == allow && rule.type == type && rule.major == DEVICE_ANY && rule.minor == DEVICE_ANY &&
            rule.access & (DEVICE_READ | DEVICE_WRITE))
            return true;
    }
    return false;
}

/*
 * Add exceptions for all devices, or remove them again: unlike rule "a", an exception can be removed while
 * there are cgroups below, in which it is removed, too.
 */
static int limit_v1_all_devices(const struct cgroup *g, const struct config *c, bool allow)
{
    const struct cgroup_hierarchy *h = cgroup_find(g, "devices");
    __attribute__((cleanup(device_files_close))) struct device_files files = {-1, -1, -1};
    int r = 0;

    if (!h || h->limit_fd < 0 || !limit_has_rule(c, 'a', false))
        return 0;
    files.dirfd = h->limit_fd;
    for (const char *type = "bc"; r == 0 && *type; type++) {
        const struct device_rule rule = {*type, DEVICE_ANY, DEVICE_ANY, DEVICE_READ | DEVICE_WRITE};

        if (!limit_has_rule(c, *type, true))
            r = device_files_write(&files, &rule, allow);
    }
    return r;
}

int cgroup_limit_v1_devices_early(struct cgroup *g, const struct config *c, struct error *err)
{
    int r = cgroup_limit_v1_devices(g, c, err);

    /* In a nested container, what the outer one may not open cannot be added. */
    if (r == 0)
        (void)limit_v1_all_devices(g, c, true);
    return r;
}

static int limit_v2_devices(struct cgroup *g, const struct config *c, struct error *err)
{
    const struct config_pairs *pairs = &c->cgroup2;
    bool any = false;
    int r;

    for (size_t i = 0; i < pairs->count; i++) {
        struct device_rule rule;
        bool allow;

        r = limit_read_rule("lxc.cgroup2.", &pairs->items[i], &rule, &allow, err);
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
        log_warn("cgroup", "cannot load BPF programs: device rules lxc.cgroup2.devices.* have no effect");
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
    /* Already done when the payload's cgroup was created beneath that with the limits. */
    if (h && h->payload_fd != h->limit_fd) {
        int r = limit_v1_all_devices(g, c, false);

        return (r == -EPERM || r == -EACCES) && (c->idmap_count || geteuid() != 0) ? 0
               : r < 0 ? error_set(err, r, "cannot limit the devices of the container")
                       : 0;
    }
    /* Without any hierarchy, rules are not required for a process without privileges over devices. */
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
    r = device_files_write(&files, rule, allow);
    return r < 0 ? error_set(err, r, "cannot %s device %s", allow ? "allow" : "deny",
                             device_rule_format(rule, text, sizeof(text)))
                 : 0;
}
