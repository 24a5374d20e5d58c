#include "core/mount/automount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mountinfo.h"
#include "core/base/path.h"
#include "core/confine/caps.h"
#include "core/mount/mounts.h"
#include "core/mount/systemd.h"

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* Mount a new instance of a file system on a folder of the container, made where it is missing. */
static int mount_new(const struct rootfs *r, const char *type, const char *inside, unsigned long flags,
                     const char *data, struct error *err)
{
    cleanup_fd int place = rootfs_make_directory(r->fd, inside, 0755);
    int ret = place < 0 ? place : mount_on(place, type, type, flags, data);

    return ret < 0 ? error_set(err, ret, "cannot mount %s on /%s in the container", type, inside) : 0;
}

/* Bind what `source` refers to on `inside`, read-only or not; -ENOENT when there is nothing to bind on. */
static int bind_over(const struct rootfs *r, int source, const char *inside, unsigned long flags)
{
    cleanup_fd int place = rootfs_open(r->fd, inside, O_PATH, 0);
    int ret = place < 0 ? place : mount_bind(source, place, false);

    if (ret < 0)
        return ret;
    cleanup_fd int mounted = rootfs_open(r->fd, inside, O_PATH, 0);
    return mounted < 0 ? mounted : mount_set_flags(mounted, flags);
}

/* Cover a part of what is mounted with a read-only view of itself; one that does not exist is passed over. */
static int cover(const struct rootfs *r, const char *inside, struct error *err)
{
    cleanup_fd int itself = rootfs_open(r->fd, inside, O_PATH, 0);
    int ret = itself < 0 ? itself : bind_over(r, itself, inside, SAFE | MS_RDONLY);

    return ret < 0 && ret != -ENOENT
               ? error_set(err, ret, "cannot make /%s read-only in the container", inside)
               : 0;
}

/* The writable view is opened before the cover hides it, and laid on top of the cover afterwards. */
static int uncover(const struct rootfs *r, int writable, const char *inside, struct error *err)
{
    int ret = writable < 0 ? writable : bind_over(r, writable, inside, SAFE);

    return ret < 0 && ret != -ENOENT
               ? error_set(err, ret, "cannot make /%s writable in the container", inside)
               : 0;
}

static int automount_proc(const struct rootfs *r, const struct config *c, struct error *err)
{
    int ret = mount_new(r, "proc", "proc", SAFE, NULL, err);

    if (ret < 0 || c->mount_auto.proc == AUTO_RW)
        return ret;
    cleanup_fd int net = rootfs_open(r->fd, "proc/sys/net", O_PATH, 0);
    ret = cover(r, "proc/sys", err);
    /* Without CAP_NET_ADMIN there is nothing to be set there. */
    if (ret == 0 && caps_has(c, CAP_NET_ADMIN))
        ret = uncover(r, net, "proc/sys/net", err);
    return ret < 0 ? ret : cover(r, "proc/sysrq-trigger", err);
}

static int automount_sys(const struct rootfs *r, const struct config *c, struct error *err)
{
    int ret = mount_new(r, "sysfs", "sys", SAFE, NULL, err);

    if (ret == -EPERM && c->idmap_count)
        return error_remedy(err, "a user namespace may mount sysfs only with a network namespace of its own: "
                                 "use lxc.mount.entry = /sys sys none rbind 0 0");
    if (ret < 0 || c->mount_auto.sys == AUTO_RW)
        return ret;
    cleanup_fd int net = rootfs_open(r->fd, "sys/devices/virtual/net", O_PATH, 0);
    cleanup_fd int mounted = rootfs_open(r->fd, "sys", O_PATH, 0);
    /* Laid on while the mount beneath is still writable, whose flags a bind mount starts with. */
    if (c->mount_auto.sys == AUTO_MIXED)
        ret = uncover(r, net, "sys/devices/virtual/net", err);
    if (ret < 0)
        return ret;
    ret = mounted < 0 ? mounted : mount_set_flags(mounted, SAFE | MS_RDONLY);
    return ret < 0 ? error_set(err, ret, "cannot make /sys read-only in the container") : 0;
}

int automount_system(const struct rootfs *r, const struct config *c, struct error *err)
{
    int ret = 0;

    if (c->mount_auto.proc != AUTO_NONE)
        ret = automount_proc(r, c, err);
    if (ret == 0 && c->mount_auto.sys != AUTO_NONE)
        ret = automount_sys(r, c, err);
    return ret;
}

/* Is this path in one of the host's shared mounts, of which ours are slaves ("master:N" in mountinfo)? */
static bool follows_host(const struct rootfs *r, const char *path)
{
    cleanup_mountinfo struct mountinfo table = {0};
    bool follows = false;
    size_t best = 0;

    if (mountinfo_read(r->proc_fd, "self/mountinfo", &table) < 0)
        return true;
    for (size_t i = 0; i < table.count; i++) {
        const struct mountinfo_entry *e = &table.items[i];
        size_t length = strlen(e->mount_point);

        /* The nearest, and of several on one place the last. */
        if (length < best || !path_is_beneath(path, e->mount_point))
            continue;
        best = length;
        follows = mountinfo_has_optional(e, "master:");
    }
    return follows;
}

int automount_shmounts(struct rootfs *r, const struct config *c, struct error *err)
{
    const char *colon = c->mount_auto.shmounts ? strchr(c->mount_auto.shmounts, ':') : NULL;
    const char *inside = colon && colon[1] ? colon + 1 : "/dev/.lxc-mounts";
    struct config_mount entry = {.type = (char *)"none", .options = (char *)"bind,create=dir"};
    int ret;

    if (!c->mount_auto.shmounts)
        return 0;
    cleanup_free char *host = colon
                                  ? strndup(c->mount_auto.shmounts, (size_t)(colon - c->mount_auto.shmounts))
                                  : strdup(c->mount_auto.shmounts);
    cleanup_free char *target = strdup(inside + strspn(inside, "/"));
    r->shmounts = format_string("/%s", inside + strspn(inside, "/"));
    if (!host || !target || !r->shmounts)
        return error_set(err, ENOMEM, "cannot mount lxc.mount.auto = shmounts");
    if (!follows_host(r, host))
        log_warn("mounts",
                 "lxc.mount.auto = shmounts: %s is no shared mount, so nothing mounted there reaches the "
                 "container",
                 host);
    entry.source = host;
    entry.target = target;
    ret = mounts_apply_one(r, &entry, err);
    return ret < 0 ? error_context(err, "lxc.mount.auto = shmounts:%s", c->mount_auto.shmounts) : 0;
}

/* One hierarchy of the host: where it is mounted below /sys/fs/cgroup, what with, and our place in it. */
struct hierarchy {
    bool is_v2;
    char name[128];    /* "cpu,cpuacct", "systemd", "unified"; "" on a host with v2 alone */
    char options[128]; /* its controllers, as mount(2) takes them; "" for v2 */
    char *payload;     /* our cgroup, from the hierarchy's root */
};

/*
 * A bare "cgroup" leaves it to us: who has CAP_SYS_ADMIN could make it writable anyway, so it is; who has not
 * gets the host's part read-only.
 */
static enum auto_mount mode_of(const struct config *c)
{
    if (c->mount_auto.cgroup != AUTO_UNSPECIFIED)
        return c->mount_auto.cgroup;
    return caps_has(c, CAP_SYS_ADMIN) ? AUTO_RW : AUTO_MIXED;
}

/* Our cgroup in the hierarchy with these controllers, from /proc/self/cgroup (cgroups(7)):
 * "ID:CONTROLLERS:PATH". */
static char *payload_of(const char *table, const struct hierarchy *h)
{
    const char *next;

    for (const char *line = table; line && *line; line = next) {
        const char *controllers = strchr(line, ':'), *path = controllers ? strchr(++controllers, ':') : NULL;
        size_t length;

        next = strchr(line, '\n');
        length = next ? (size_t)(next - line) : strlen(line);
        next = next ? next + 1 : NULL;
        if (!path || path >= line + length)
            continue;
        if ((size_t)(path - controllers) != strlen(h->options) ||
            strncmp(controllers, h->options, strlen(h->options)) != 0)
            continue;
        path++;
        return strndup(path, (size_t)(line + length - path));
    }
    return NULL;
}

/* Keep of "rw,xattr,name=systemd" what names controllers. */
static void controllers_of(const char *super_options, char out[128])
{
    cleanup_free char *copy = strdup(super_options);
    char *word, *rest = copy;

    out[0] = '\0';
    while ((word = strsep(&rest, ","))) {
        if (strcmp(word, "rw") == 0 || strcmp(word, "ro") == 0 || strcmp(word, "xattr") == 0 ||
            strcmp(word, "clone_children") == 0 || strcmp(word, "noprefix") == 0 ||
            strcmp(word, "cpuset_v2_mode") == 0 || starts_with(word, "release_agent="))
            continue;
        if (strlen(out) + strlen(word) + 2 > 128)
            return;
        if (out[0])
            strcat(out, ",");
        strcat(out, word);
    }
}

/* True and *h filled when the mount is a hierarchy below /sys/fs/cgroup. */
static bool read_hierarchy(const struct mountinfo_entry *e, struct hierarchy *h)
{
    static const char root[] = "/sys/fs/cgroup";
    const char *name = e->mount_point + sizeof(root) - 1;

    h->is_v2 = strcmp(e->type, "cgroup2") == 0;
    if ((!h->is_v2 && strcmp(e->type, "cgroup") != 0) || !path_is_beneath(e->mount_point, root))
        return false;
    name += name[0] == '/';
    if (strlen(name) >= sizeof(h->name) || strchr(name, '/') || (!name[0] && !h->is_v2))
        return false;
    strcpy(h->name, name);
    h->options[0] = '\0';
    if (!h->is_v2)
        controllers_of(e->super_options, h->options);
    return true;
}

/* Mount the hierarchy anew, as the cgroup namespace shows it. */
static int mount_hierarchy(const struct rootfs *r, const struct hierarchy *h, const char *inside,
                           enum auto_mount mode, struct error *err)
{
    unsigned long flags = SAFE | MS_RELATIME | (mode == AUTO_RO ? MS_RDONLY : 0);

    return mount_new(r, h->is_v2 ? "cgroup2" : "cgroup", inside, flags, h->is_v2 ? NULL : h->options, err);
}

/* Bind the hierarchy, or only our cgroup in it, from the host's tree. */
static int bind_hierarchy(const struct rootfs *r, const struct config *c, const struct hierarchy *h,
                          const char *inside, struct error *err)
{
    enum auto_mount mode = mode_of(c);
    cleanup_free char *host = format_string("/sys/fs/cgroup/%s", h->name);
    cleanup_free char *own = format_string("%s%s", inside, h->payload);
    cleanup_fd int source = -1;
    int ret;

    if (!host || !own)
        return error_set(err, ENOMEM, "cannot mount cgroups");
    source = open(host, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (source < 0)
        return error_set(err, errno, "cannot open %s", host);
    if (c->mount_auto.cgroup_full) {
        ret = bind_over(r, source, inside, SAFE | (mode == AUTO_RW ? 0 : MS_RDONLY));
        if (ret < 0 || mode != AUTO_MIXED)
            return ret < 0 ? error_set(err, ret, "cannot bind %s on /%s", host, inside) : 0;
    } else {
        cleanup_fd int place = rootfs_make_directory(r->fd, own, 0755);
        if (place < 0)
            return error_set(err, place, "cannot make folder /%s in the container", own);
        /* The way to the container's cgroup, which are folders of the tmpfs. */
        ret = mode == AUTO_RW ? 0 : cover(r, inside, err);
        if (ret < 0)
            return ret;
    }
    cleanup_fd int payload = openat(source, h->payload + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (payload < 0)
        return error_set(err, errno, "cannot open %s%s", host, h->payload);
    ret = bind_over(r, payload, own, SAFE | (mode == AUTO_RO ? MS_RDONLY : 0));
    return ret < 0 ? error_set(err, ret, "cannot bind %s%s on /%s", host, h->payload, own) : 0;
}

/* "cpu,cpuacct" is also found as "cpu" and as "cpuacct". */
static void link_controllers(const struct rootfs *r, const struct hierarchy *h)
{
    char copy[sizeof(h->name)], *rest = copy, *word;

    if (!strchr(h->name, ','))
        return;
    cleanup_fd int dir = rootfs_open(r->fd, "sys/fs/cgroup", O_PATH | O_DIRECTORY, 0);
    memcpy(copy, h->name, sizeof(copy));
    while ((word = strsep(&rest, ",")))
        if (symlinkat(h->name, dir, word) < 0) {
            /* A comfort only. */
        }
}

static int mount_tree(const struct rootfs *r, const struct config *c, bool own_namespace,
                      const struct mountinfo *table, const char *cgroups, struct error *err)
{
    int ret = mount_new(r, "tmpfs", "sys/fs/cgroup", SAFE, "size=10240k,mode=755", err);

    for (size_t i = 0; ret == 0 && i < table->count; i++) {
        struct hierarchy h;

        if (!read_hierarchy(&table->items[i], &h) || !h.name[0])
            continue;
        cleanup_free char *inside = format_string("sys/fs/cgroup/%s", h.name);
        cleanup_free char *payload = payload_of(cgroups, &h);
        h.payload = payload;
        if (!inside)
            return error_set(err, ENOMEM, "cannot mount cgroups");
        if (!payload || payload[0] != '/')
            continue; /* not a hierarchy that we are in */
        cleanup_fd int place = rootfs_make_directory(r->fd, inside, 0755);
        if (place < 0)
            return error_set(err, place, "cannot make folder /%s in the container", inside);
        ret = own_namespace ? mount_hierarchy(r, &h, inside, mode_of(c), err)
                            : bind_hierarchy(r, c, &h, inside, err);
        if (ret == 0)
            link_controllers(r, &h);
    }
    return ret;
}

/* What the host has; `v2_alone` becomes true where v2 is mounted on /sys/fs/cgroup itself. */
static enum cgroup_layout layout_of(const struct mountinfo *table, bool *v2_alone)
{
    bool v1 = false, v2 = false;
    struct hierarchy h;

    for (size_t i = 0; i < table->count; i++) {
        if (!read_hierarchy(&table->items[i], &h))
            continue;
        *v2_alone = *v2_alone || (h.is_v2 && !h.name[0]);
        v2 = v2 || h.is_v2;
        v1 = v1 || !h.is_v2;
    }
    return !v1 ? v2 ? CGROUP_UNIFIED : CGROUP_UNKNOWN : v2 ? CGROUP_HYBRID : CGROUP_LEGACY;
}

/* Whether the v2 tree is to be mounted for a systemd's sake. */
static bool wants_v2(const struct config *c, bool own_namespace, unsigned systemd, enum cgroup_layout layout,
                     bool v2_alone)
{
    enum systemd_cgroups needs = systemd_cgroups(systemd, layout);
    bool can = layout == CGROUP_HYBRID && own_namespace && !c->mount_auto.cgroup_force;

    if (needs == SYSTEMD_NEEDS_V1)
        log_warn(
            "cgroup",
            "the container's systemd is older than 232 and needs cgroup v1, which the host lacks: it may "
            "not boot (boot the host with systemd.unified_cgroup_hierarchy=0)");
    if (needs == SYSTEMD_NEEDS_V2 && !v2_alone && !can)
        log_warn("cgroup", "the container's systemd %u refuses cgroup v1 and may not boot (%s)", systemd,
                 layout == CGROUP_LEGACY ? "mount cgroup2 on the host's /sys/fs/cgroup/unified"
                                         : "set lxc.mount.auto = cgroup2, without a shared cgroup namespace");
    return needs == SYSTEMD_NEEDS_V2 && can;
}

/*
 * systemd ends at once where it has no hierarchy of its own, and in a cgroup namespace nobody may make one
 * (cgroup1_root_to_use() of the kernel). Known here; after that only the container's console tells.
 */
static void warn_of_missing_hierarchy(unsigned systemd, const char *cgroups)
{
    if (systemd && !strstr(cgroups, ":name=systemd:"))
        log_warn(
            "cgroup",
            "the container's init is systemd, for which this host's cgroup v1 has no hierarchy; as root: "
            "mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd systemd "
            "/sys/fs/cgroup/systemd");
}

int automount_cgroup(const struct rootfs *r, const struct config *c, bool own_namespace, unsigned systemd,
                     struct error *err)
{
    cleanup_mountinfo struct mountinfo table = {0};
    cleanup_free char *cgroups = NULL;
    bool v2_alone = c->mount_auto.cgroup2,
         force = v2_alone || c->mount_auto.cgroup_force || !caps_has(c, CAP_SYS_ADMIN);
    const struct hierarchy h = {.is_v2 = true};
    enum cgroup_layout layout;
    int ret;

    if (c->mount_auto.cgroup == AUTO_NONE && !systemd)
        return 0;
    ret = mountinfo_read(r->proc_fd, "self/mountinfo", &table);
    if (ret == 0)
        ret = file_read(r->proc_fd, "self/cgroup", 1 << 20, &cgroups, NULL);
    if (ret < 0)
        return error_set(err, ret, "cannot find the host's cgroups");
    layout = layout_of(&table, &v2_alone);
    v2_alone = wants_v2(c, own_namespace, systemd, layout, v2_alone) || v2_alone;
    if (!v2_alone)
        warn_of_missing_hierarchy(systemd, cgroups);
    if (c->mount_auto.cgroup == AUTO_NONE)
        return 0;
    if (own_namespace && !force && !v2_alone)
        return 0;
    if (!v2_alone)
        return mount_tree(r, c, own_namespace, &table, cgroups, err);
    if (own_namespace)
        return mount_hierarchy(r, &h, "sys/fs/cgroup", mode_of(c), err);
    error_text(err, ENOTSUP,
               "lxc.mount.auto = cgroup cannot be had from cgroup v2 alone while the container keeps the "
               "host's cgroup namespace");
    return error_remedy(err, "give it one of its own, or leave cgroup out of lxc.mount.auto");
}

int automount_boot_id(const struct rootfs *r, struct error *err)
{
    unsigned char b[16];
    char text[40];
    int ret;

    cleanup_fd int place = rootfs_open(r->fd, "proc/sys/kernel/random/boot_id", O_PATH, 0);
    if (place < 0 || r->dev_fd < 0)
        return 0;
    if (getrandom(b, sizeof(b), 0) != sizeof(b))
        return error_set(err, errno, "cannot make a boot id");
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562, version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(text, sizeof(text), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    cleanup_fd int file =
        openat(r->dev_fd, ".lxc-boot-id", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
    if (file < 0 && (errno == EEXIST || errno == EROFS))
        return 0; /* a /dev of the image's own: no tmpfs to keep it in */
    ret = file < 0 || fchmod(file, 0444) < 0 ? -errno : write_all(file, text, strlen(text));
    if (ret == 0)
        ret = bind_over(r, file, "proc/sys/kernel/random/boot_id", SAFE | MS_RDONLY);
    return ret < 0 ? error_set(err, ret, "cannot place a boot id in the container") : 0;
}
