#include "core/cgroup/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"

#define PROC_FILE_MAX (4u << 20)

static void mount_free(struct cgroup_mount *m)
{
    free(m->controllers);
    free(m->mount_point);
    free(m->root);
    free(m->base);
    close_fd(&m->base_fd);
    *m = (struct cgroup_mount){.base_fd = -1};
}

void cgroup_mounts_free(struct cgroup_mounts *m)
{
    for (size_t i = 0; i < m->count; i++)
        mount_free(&m->items[i]);
    m->count = 0;
}

static void mounts_remove(struct cgroup_mounts *m, size_t at)
{
    mount_free(&m->items[at]);
    m->count--;
    memmove(&m->items[at], &m->items[at + 1], (m->count - at) * sizeof(m->items[0]));
}

/* A part of a text; not terminated. */
struct piece {
    const char *text;
    size_t length;
};

/* Remove the part before `separator` from `rest`; false at the end. */
static bool piece_next(struct piece *rest, char separator, struct piece *out)
{
    const char *end;

    if (!rest->text)
        return false;
    end = memchr(rest->text, separator, rest->length);
    out->text = rest->text;
    out->length = end ? (size_t)(end - rest->text) : rest->length;
    rest->length -= out->length + (end ? 1 : 0);
    rest->text = end ? end + 1 : NULL;
    return true;
}

static bool piece_is(struct piece p, const char *word)
{
    return strlen(word) == p.length && memcmp(p.text, word, p.length) == 0;
}

bool cgroup_controllers_have(const char *controllers, const char *controller)
{
    struct piece rest = {controllers, strlen(controllers)}, name;

    if (starts_with(controller, "name="))
        controller += 5;
    while (piece_next(&rest, ',', &name)) {
        if (name.length > 5 && memcmp(name.text, "name=", 5) == 0) {
            name.text += 5;
            name.length -= 5;
        }
        if (name.length && piece_is(name, controller))
            return true;
    }
    return false;
}

/* Keep one mount for each hierarchy. Hierarchies differ in the superblock options (v1) or in the version. */
static int mounts_add(struct cgroup_mounts *m, bool unified, const char *options,
                      const struct mountinfo_entry *e)
{
    struct cgroup_mount new = {.unified = unified, .base_fd = -1};
    struct cgroup_mount *same = NULL;

    for (size_t i = 0; i < m->count && !same; i++)
        if (m->items[i].unified == unified && (unified || strcmp(options, m->items[i].controllers) == 0))
            same = &m->items[i];
    if (!same && m->count == CGROUP_HIERARCHIES_MAX)
        return -E2BIG;
    new.controllers = strdup(unified ? "" : options);
    new.mount_point = strdup(e->mount_point);
    new.root = strdup(e->root);
    if (!new.controllers || !new.mount_point || !new.root) {
        mount_free(&new);
        return -ENOMEM;
    }
    if (!same) {
        m->items[m->count++] = new;
    } else if (strlen(new.root) < strlen(same->root)) {
        mount_free(same);
        *same = new;
    } else {
        mount_free(&new);
    }
    return 0;
}

int cgroup_mounts_find(const struct mountinfo *table, struct cgroup_mounts *out)
{
    out->count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct mountinfo_entry *e = &table->items[i];
        bool unified = strcmp(e->type, "cgroup2") == 0;
        const char *options = e->super_options;
        int r;

        if (!unified && strcmp(e->type, "cgroup") != 0)
            continue;
        /* Read-only is a property of the mount, not of the hierarchy, which can be mounted both ways. */
        if (starts_with(options, "rw,") || starts_with(options, "ro,"))
            options += 3;
        r = mounts_add(out, unified, options, e);
        if (r < 0) {
            cgroup_mounts_free(out);
            return r;
        }
    }
    return 0;
}

int cgroup_mounts_read(struct cgroup_mounts *out)
{
    cleanup_mountinfo struct mountinfo table = {0};
    int r = mountinfo_read(AT_FDCWD, "/proc/self/mountinfo", &table);

    out->count = 0;
    return r < 0 ? r : cgroup_mounts_find(&table, out);
}

/* A line of /proc/PID/cgroup: "4:cpu,cpuacct:/path", "0::/path". */
struct membership {
    bool unified;
    struct piece controllers, path;
};

static bool membership_next(struct piece *rest, struct membership *out)
{
    struct piece line, id;

    while (piece_next(rest, '\n', &line)) {
        if (!piece_next(&line, ':', &id) || !piece_next(&line, ':', &out->controllers) || !line.text ||
            !line.length || line.text[0] != '/' ||
            memchr(out->controllers.text, '\0', out->controllers.length) ||
            memchr(line.text, '\0', line.length))
            continue;
        out->unified = piece_is(id, "0") && out->controllers.length == 0;
        out->path = line;
        if (out->unified || out->controllers.length)
            return true;
    }
    return false;
}

const char *cgroup_v2_path(const char *text, size_t *length)
{
    struct piece rest = {text, strlen(text)};
    struct membership in;

    *length = 0;
    while (membership_next(&rest, &in)) {
        if (in.unified) {
            *length = in.path.length;
            return in.path.text;
        }
    }
    return "";
}

/* Whether the mount has every controller of the line. */
static bool membership_matches(const struct cgroup_mount *m, const struct membership *in)
{
    struct piece rest = in->controllers, name;
    char controller[128];

    if (m->unified || in->unified)
        return m->unified && in->unified;
    while (piece_next(&rest, ',', &name)) {
        if (name.length >= sizeof(controller))
            return false;
        memcpy(controller, name.text, name.length);
        controller[name.length] = '\0';
        if (!cgroup_controllers_have(m->controllers, controller))
            return false;
    }
    return true;
}

static bool piece_has_dot_dot(struct piece path)
{
    struct piece part;

    while (piece_next(&path, '/', &part))
        if (piece_is(part, ".."))
            return true;
    return false;
}

/* The part of `path` beneath the visible root, as a terminated string without leading slash. */
static int membership_beneath_root(const char *root, struct piece path, bool escape, char **out)
{
    static const char scope[] = "/init.scope";
    size_t skip = strcmp(root, "/") == 0 ? 0 : strlen(root);

    if (path.length < skip || memcmp(path.text, root, skip) != 0 ||
        (path.length > skip && path.text[skip] != '/'))
        return -ENOENT;
    path.text += skip;
    path.length -= skip;
    if (escape && path.length >= sizeof(scope) - 1 &&
        memcmp(path.text + path.length - (sizeof(scope) - 1), scope, sizeof(scope) - 1) == 0)
        path.length -= sizeof(scope) - 1;
    while (path.length && path.text[0] == '/') {
        path.text++;
        path.length--;
    }
    /* Outside of our cgroup namespace: cgroup_namespaces(7). */
    if (piece_has_dot_dot(path))
        return -ENOENT;
    *out = strndup(path.text, path.length);
    return *out ? 0 : -ENOMEM;
}

/* 1: the base is set; 0: there is none. */
static int mount_set_base(struct cgroup_mount *m, struct piece text, bool escape)
{
    struct membership in;
    int r;

    while (membership_next(&text, &in)) {
        if (!membership_matches(m, &in))
            continue;
        free(m->base);
        m->base = NULL;
        r = membership_beneath_root(m->root, in.path, escape, &m->base);
        if (r < 0)
            return r == -ENOENT ? 0 : r;
        if (!m->unified) {
            free(m->controllers);
            m->controllers = strndup(in.controllers.text, in.controllers.length);
        }
        return m->controllers ? 1 : -ENOMEM;
    }
    return 0;
}

int cgroup_mounts_set_base(struct cgroup_mounts *m, const char *text, size_t length, bool escape)
{
    for (size_t i = 0; i < m->count;) {
        int r = mount_set_base(&m->items[i], (struct piece){text, length}, escape);

        if (r < 0)
            return r;
        if (r == 1)
            i++;
        else
            mounts_remove(m, i);
    }
    return 0;
}

/*
 * Mount the v2 hierarchy only for this process: the mount is not attached and ends with its last fd.
 * fsopen(2), fsmount(2); -ENOSYS before Linux 5.2.
 */
static int mounts_add_detached(struct cgroup_mounts *out)
{
    cleanup_fd int fs = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC);
    cleanup_fd int fd = -1;
    struct cgroup_mount new = {.unified = true, .base_fd = -1};

    if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -errno;
    fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (fd < 0)
        return -errno;
    new.controllers = strdup("");
    new.root = strdup("/");
    if (!new.controllers || !new.root) {
        mount_free(&new);
        return -ENOMEM;
    }
    new.base_fd = take_fd(&fd);
    out->items[out->count++] = new;
    return 0;
}

/* 0, or a negative errno if this process cannot use the hierarchy. */
static int mount_open_base(struct cgroup_mount *m)
{
    cleanup_fd int root = m->mount_point ? -1 : take_fd(&m->base_fd);
    cleanup_free char *path = NULL;
    struct statfs fs;

    path = m->mount_point ? format_string("%s%s%s", m->mount_point, m->base[0] ? "/" : "", m->base)
                          : strdup(m->base[0] ? m->base : ".");
    if (!path)
        return -ENOMEM;
    m->base_fd = openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (m->base_fd < 0 || fstatfs(m->base_fd, &fs) < 0)
        return -errno;
    /* Another file system may be mounted over it. */
    if ((unsigned long)fs.f_type != (m->unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC))
        return -ENOTDIR;
    if (faccessat(m->base_fd, ".", W_OK, 0) < 0)
        return -errno;
    /*
     * Delegation makes the directory and this file writable for a user; root is only restricted by a
     * read-only mount.
     */
    return geteuid() != 0 && faccessat(m->base_fd, "cgroup.procs", W_OK, 0) < 0 ? -errno : 0;
}

/* lxc.cgroup.use: v1 hierarchies without any of its controllers are ignored. */
static bool mount_is_used(const struct cgroup_mount *m, const char *use)
{
    struct piece rest = {use, use ? strlen(use) : 0}, name;
    struct membership in = {0};

    if (!use || !*use || m->unified)
        return true;
    while (piece_next(&rest, ',', &name)) {
        in.controllers = name;
        if (name.length && membership_matches(m, &in))
            return true;
    }
    return false;
}

static int mounts_open_bases(struct cgroup_mounts *m, const char *use, struct error *refused,
                             struct error *err)
{
    for (size_t i = 0; i < m->count;) {
        struct cgroup_mount *at = &m->items[i];
        int r = mount_is_used(at, use) ? mount_open_base(at) : -ECANCELED;

        if (r == -ENOMEM)
            return error_set(err, ENOMEM, "cannot read the cgroup hierarchies");
        if (r < 0 && r != -ECANCELED && refused && !refused->code)
            error_set(refused, r, "cannot use cgroup %s/%s", at->mount_point ? at->mount_point : "",
                      at->base);
        if (r < 0)
            mounts_remove(m, i);
        else
            i++;
    }
    return 0;
}

/* Each requested controller must exist, else its limits would have no effect. */
static int mounts_check_used(const struct cgroup_mounts *m, const char *use, struct error *err)
{
    struct piece rest = {use, use ? strlen(use) : 0}, name;

    while (use && *use && piece_next(&rest, ',', &name)) {
        struct membership in = {.controllers = name};
        bool found = !name.length;

        for (size_t i = 0; i < m->count && !found; i++)
            found = m->items[i].unified || membership_matches(&m->items[i], &in);
        if (!found)
            return error_text(err, ENOENT, "cgroup controller %.*s of lxc.cgroup.use is not available here",
                              (int)name.length, name.text);
    }
    return 0;
}

/* Set whether this process is in the base of v2. */
static int mount_set_inside(struct cgroup_mount *m, const char *memberships, bool own)
{
    cleanup_free char *text = NULL, *base = NULL;
    const char *path;
    size_t length;

    if (!own && file_read(AT_FDCWD, "/proc/self/cgroup", PROC_FILE_MAX, &text, NULL) < 0)
        return 0;
    path = cgroup_v2_path(own ? memberships : text, &length);
    if (length && membership_beneath_root(m->root, (struct piece){path, length}, false, &base) == -ENOMEM)
        return -ENOMEM;
    m->inside = base && strcmp(base, m->base) == 0;
    return 0;
}

int cgroup_layout_read(bool relative, const char *use, struct cgroup_mounts *out, struct error *refused,
                       struct error *err)
{
    __attribute__((cleanup(cgroup_mounts_free))) struct cgroup_mounts m = {.count = 0};
    cleanup_free char *memberships = NULL;
    bool own = relative || geteuid() != 0;
    const char *file = own ? "/proc/self/cgroup" : "/proc/1/cgroup";
    size_t length;
    int r = cgroup_mounts_read(&m);

    out->count = 0;
    if (r < 0)
        return error_set(err, r, "cannot read the cgroup hierarchies in /proc/self/mountinfo");
    if (!m.count) {
        r = mounts_add_detached(&m);
        if (r < 0 && refused)
            error_set(refused, r, "cannot mount cgroup v2, and no cgroup hierarchy is mounted");
    }
    r = file_read(AT_FDCWD, file, PROC_FILE_MAX, &memberships, &length);
    if (r < 0)
        return r == -ENOENT ? 0 : error_set(err, r, "cannot read %s", file);
    if (cgroup_mounts_set_base(&m, memberships, length, !own) < 0)
        return error_set(err, ENOMEM, "cannot read the cgroup hierarchies");
    r = mounts_open_bases(&m, use, refused, err);
    if (r == 0)
        r = mounts_check_used(&m, use, err);
    for (size_t i = 0; r == 0 && i < m.count; i++)
        if (m.items[i].unified && mount_set_inside(&m.items[i], memberships, own) < 0)
            r = error_set(err, ENOMEM, "cannot read the cgroup hierarchies");
    if (r < 0)
        return r;
    *out = m;
    m.count = 0;
    return 0;
}

enum cgroup_layout cgroup_layout_of(const struct cgroup_mounts *m)
{
    bool v1 = false, v2 = false;

    for (size_t i = 0; i < m->count; i++) {
        v1 |= !m->items[i].unified;
        v2 |= m->items[i].unified;
    }
    return v1 ? (v2 ? CGROUP_HYBRID : CGROUP_LEGACY) : v2 ? CGROUP_UNIFIED : CGROUP_UNKNOWN;
}
