#include "core/mount/mount_auto.h"

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
#include "core/mount/place.h"
#include "core/mount/systemd.h"

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/*
 * Mount a new instance of a file system on a directory of the container, which is created if it does not
 * exist. Returns an fd of its root: all that follows goes through it, since a process that can change the
 * rootfs meanwhile may give the directory another name. Names below a procfs or sysfs are the kernel's alone,
 * and one that is missing is a feature that the kernel does not have.
 */
static int mount_auto_new(const struct rootfs *rootfs, const char *type, const char *inside,
                          unsigned long flags, const char *data, struct error *err)
{
    cleanup_fd int target = rootfs_make_directory(rootfs->fd, inside, 0755);
    const struct place place = {target, rootfs->fd, inside};
    int r = target < 0 ? target : place_mount(&place, type, type, flags, data);

    return r < 0 ? error_set(err, r, "cannot mount %s on /%s in the container", type, inside) : r;
}

/* Bind what `source` refers to on `inside` below the directory `root`, read-only or not. */
static int mount_auto_bind(int root, int source, const char *inside, unsigned long flags)
{
    cleanup_fd int target = rootfs_open(root, inside, O_PATH, 0);
    const struct place place = {target, root, inside};
    cleanup_fd int mounted = target < 0 ? target : place_bind(&place, source, false);

    return mounted < 0 ? mounted : mount_set_flags(mounted, flags);
}

/* Cover a part of what is mounted with a read-only view of itself. */
static int mount_auto_cover(int root, const char *inside, struct error *err)
{
    cleanup_fd int itself = rootfs_open(root, inside, O_PATH, 0);
    int r = itself < 0 ? itself : mount_auto_bind(root, itself, inside, SAFE | MS_RDONLY);

    return r < 0 ? error_set(err, r, "cannot make %s read-only in the container", inside) : 0;
}

/* The writable view is opened before the cover hides it, and mounted on top of the cover afterwards. */
static int mount_auto_uncover(int root, int writable, const char *inside, struct error *err)
{
    int r = mount_auto_bind(root, writable, inside, SAFE);

    return r < 0 ? error_set(err, r, "cannot make %s writable in the container", inside) : 0;
}

/* At the end, the mount is still what `inside` names. */
static int mount_auto_check(const struct rootfs *rootfs, const char *inside, int mounted, struct error *err)
{
    cleanup_fd int now = rootfs_open(rootfs->fd, inside, O_PATH | O_DIRECTORY, 0);
    struct stat a, b;

    if (now < 0 || fstat(now, &a) < 0 || fstat(mounted, &b) < 0 || a.st_dev != b.st_dev ||
        a.st_ino != b.st_ino)
        return error_text(err, EBUSY, "/%s in the container was replaced while it was mounted", inside);
    return 0;
}

static bool mount_auto_exists(int root, const char *name)
{
    return faccessat(root, name, F_OK, 0) == 0;
}

static int mount_auto_proc(const struct rootfs *rootfs, const struct config *c, struct error *err)
{
    cleanup_fd int proc = mount_auto_new(rootfs, "proc", "proc", SAFE, NULL, err);
    int r = 0;

    if (proc < 0 || c->mount_auto.proc == AUTO_RW)
        return proc < 0 ? proc : 0;
    cleanup_fd int net = rootfs_open(proc, "sys/net", O_PATH, 0);
    if (mount_auto_exists(proc, "sys"))
        r = mount_auto_cover(proc, "sys", err);
    /* Without CAP_NET_ADMIN, no parameter there can be set. */
    if (r == 0 && net >= 0 && caps_has(c, CAP_NET_ADMIN))
        r = mount_auto_uncover(proc, net, "sys/net", err);
    if (r == 0 && mount_auto_exists(proc, "sysrq-trigger"))
        r = mount_auto_cover(proc, "sysrq-trigger", err);
    return r < 0 ? r : mount_auto_check(rootfs, "proc", proc, err);
}

static int mount_auto_sys(const struct rootfs *rootfs, const struct config *c, struct error *err)
{
    cleanup_fd int sys = mount_auto_new(rootfs, "sysfs", "sys", SAFE, NULL, err);
    int r = 0;

    if (sys == -EPERM && c->idmap_count)
        return error_remedy(err, "a user namespace can only mount sysfs with its own network namespace: "
                                 "use lxc.mount.entry = /sys sys none rbind 0 0");
    if (sys < 0 || c->mount_auto.sys == AUTO_RW)
        return sys < 0 ? sys : 0;
    cleanup_fd int net = rootfs_open(sys, "devices/virtual/net", O_PATH, 0);
    /* Bind it while the mount beneath is still writable: a bind mount inherits its flags. */
    if (net >= 0 && c->mount_auto.sys == AUTO_MIXED)
        r = mount_auto_uncover(sys, net, "devices/virtual/net", err);
    if (r < 0)
        return r;
    r = mount_set_flags(sys, SAFE | MS_RDONLY);
    if (r < 0)
        return error_set(err, r, "cannot make /sys read-only in the container");
    return mount_auto_check(rootfs, "sys", sys, err);
}

int mount_auto_system(const struct rootfs *rootfs, const struct config *c, struct error *err)
{
    int r = 0;

    if (c->mount_auto.proc != AUTO_NONE)
        r = mount_auto_proc(rootfs, c, err);
    if (r == 0 && c->mount_auto.sys != AUTO_NONE)
        r = mount_auto_sys(rootfs, c, err);
    return r;
}

/*
 * Whether this path is in a shared mount of the host, of which our mount is a slave ("master:N" in
 * mountinfo).
 */
static bool mount_auto_follows_host(const struct rootfs *rootfs, const char *path)
{
    cleanup_mountinfo struct mountinfo table = {0};
    bool follows = false;
    size_t best = 0;

    if (mountinfo_read(rootfs->proc_fd, "self/mountinfo", &table) < 0)
        return true;
    for (size_t i = 0; i < table.count; i++) {
        const struct mountinfo_entry *e = &table.items[i];
        size_t length = strlen(e->mount_point);

        /* The nearest mount, and the last of several mounts on one directory. */
        if (length < best || !path_is_beneath(path, e->mount_point))
            continue;
        best = length;
        follows = mountinfo_has_optional(e, "master:");
    }
    return follows;
}

int mount_auto_shmounts(struct rootfs *rootfs, const struct config *c, struct error *err)
{
    const char *colon = c->mount_auto.shmounts ? strchr(c->mount_auto.shmounts, ':') : NULL;
    const char *inside = colon && colon[1] ? colon + 1 : "/dev/.lxc-mounts";
    struct config_mount entry = {.type = (char *)"none", .options = (char *)"bind,create=dir"};
    int r;

    if (!c->mount_auto.shmounts)
        return 0;
    cleanup_free char *host = colon
                                  ? strndup(c->mount_auto.shmounts, (size_t)(colon - c->mount_auto.shmounts))
                                  : strdup(c->mount_auto.shmounts);
    cleanup_free char *target = strdup(inside + strspn(inside, "/"));
    rootfs->shmounts = format_string("/%s", inside + strspn(inside, "/"));
    if (!host || !target || !rootfs->shmounts)
        return error_set(err, ENOMEM, "cannot mount lxc.mount.auto = shmounts");
    if (!mount_auto_follows_host(rootfs, host))
        log_warn(
            "mounts",
            "lxc.mount.auto = shmounts: %s is not a shared mount, so mounts below it do not appear in the "
            "container",
            host);
    entry.source = host;
    entry.target = target;
    r = mounts_apply_one(rootfs, &entry, err);
    return r < 0 ? error_context(err, "lxc.mount.auto = shmounts:%s", c->mount_auto.shmounts) : 0;
}

/* One hierarchy of the host: its name below /sys/fs/cgroup, its options, and our cgroup in it. */
struct hierarchy {
    bool is_v2;
    char name[128];    /* "cpu,cpuacct", "systemd", "unified"; "" on a host with v2 only */
    char options[128]; /* its controllers, as options for mount(2); "" for v2 */
    char *payload;     /* our cgroup, relative to the root of the hierarchy */
};

/*
 * The mode for a bare "cgroup": a container with CAP_SYS_ADMIN could make it writable anyway, so it is
 * writable; for other containers the host's part is read-only.
 */
static enum auto_mount hierarchy_mode(const struct config *c)
{
    if (c->mount_auto.cgroup != AUTO_UNSPECIFIED)
        return c->mount_auto.cgroup;
    return caps_has(c, CAP_SYS_ADMIN) ? AUTO_RW : AUTO_MIXED;
}

/* Our cgroup in the hierarchy with these controllers, from /proc/self/cgroup (cgroups(7)):
 * "ID:CONTROLLERS:PATH". */
static char *hierarchy_payload(const char *table, const struct hierarchy *h)
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

/* Keep the words of "rw,xattr,name=systemd" that name controllers. */
static void hierarchy_controllers(const char *super_options, char out[128])
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

/* Fill *h and return true if the mount is a hierarchy below /sys/fs/cgroup. */
static bool hierarchy_read(const struct mountinfo_entry *e, struct hierarchy *h)
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
        hierarchy_controllers(e->super_options, h->options);
    return true;
}

/* Mount the hierarchy as it appears in the cgroup namespace. */
static int hierarchy_mount(const struct rootfs *rootfs, const struct hierarchy *h, const char *inside,
                           enum auto_mount mode, struct error *err)
{
    unsigned long flags = SAFE | MS_RELATIME | (mode == AUTO_RO ? MS_RDONLY : 0);

    cleanup_fd int mounted = mount_auto_new(rootfs, h->is_v2 ? "cgroup2" : "cgroup", inside, flags,
                                            h->is_v2 ? NULL : h->options, err);

    return mounted < 0 ? mounted : 0;
}

/* Bind the hierarchy of the host, or only our cgroup in it. */
static int hierarchy_bind(const struct rootfs *rootfs, const struct config *c, const struct hierarchy *h,
                          const char *inside, struct error *err)
{
    enum auto_mount mode = hierarchy_mode(c);
    cleanup_free char *host = format_string("/sys/fs/cgroup/%s", h->name);
    cleanup_free char *own = format_string("%s%s", inside, h->payload);
    cleanup_fd int source = -1;
    int r;

    if (!host || !own)
        return error_set(err, ENOMEM, "cannot mount cgroups");
    source = open(host, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (source < 0)
        return error_set(err, errno, "cannot open %s", host);
    if (c->mount_auto.cgroup_full) {
        r = mount_auto_bind(rootfs->fd, source, inside, SAFE | (mode == AUTO_RW ? 0 : MS_RDONLY));
        if (r < 0 || mode != AUTO_MIXED)
            return r < 0 ? error_set(err, r, "cannot bind %s on /%s", host, inside) : 0;
    } else {
        cleanup_fd int place = rootfs_make_directory(rootfs->fd, own, 0755);
        if (place < 0)
            return error_set(err, place, "cannot create directory /%s in the container", own);
        /* The parent directories of the container's cgroup, which are on the tmpfs. */
        r = mode == AUTO_RW ? 0 : mount_auto_cover(rootfs->fd, inside, err);
        if (r < 0)
            return r;
    }
    cleanup_fd int payload = openat(source, h->payload + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (payload < 0)
        return error_set(err, errno, "cannot open %s%s", host, h->payload);
    r = mount_auto_bind(rootfs->fd, payload, own, SAFE | (mode == AUTO_RO ? MS_RDONLY : 0));
    return r < 0 ? error_set(err, r, "cannot bind %s%s on /%s", host, h->payload, own) : 0;
}

/* Link "cpu" and "cpuacct" to "cpu,cpuacct". */
static void hierarchy_link_controllers(const struct rootfs *rootfs, const struct hierarchy *h)
{
    char copy[sizeof(h->name)], *rest = copy, *word;

    if (!strchr(h->name, ','))
        return;
    cleanup_fd int dir = rootfs_open(rootfs->fd, "sys/fs/cgroup", O_PATH | O_DIRECTORY, 0);
    memcpy(copy, h->name, sizeof(copy));
    while ((word = strsep(&rest, ",")))
        if (symlinkat(h->name, dir, word) < 0) {
            /* The links are optional. */
        }
}

static int hierarchy_mount_all(const struct rootfs *rootfs, const struct config *c, bool own_namespace,
                               const struct mountinfo *table, const char *cgroups, struct error *err)
{
    cleanup_fd int tmpfs =
        mount_auto_new(rootfs, "tmpfs", "sys/fs/cgroup", SAFE, "size=10240k,mode=755", err);
    int r = tmpfs < 0 ? tmpfs : 0;

    for (size_t i = 0; r == 0 && i < table->count; i++) {
        struct hierarchy h;

        if (!hierarchy_read(&table->items[i], &h) || !h.name[0])
            continue;
        cleanup_free char *inside = format_string("sys/fs/cgroup/%s", h.name);
        cleanup_free char *payload = hierarchy_payload(cgroups, &h);
        h.payload = payload;
        if (!inside)
            return error_set(err, ENOMEM, "cannot mount cgroups");
        if (!payload || payload[0] != '/')
            continue; /* this process is not in the hierarchy */
        cleanup_fd int place = rootfs_make_directory(rootfs->fd, inside, 0755);
        if (place < 0)
            return error_set(err, place, "cannot create directory /%s in the container", inside);
        r = own_namespace ? hierarchy_mount(rootfs, &h, inside, hierarchy_mode(c), err)
                          : hierarchy_bind(rootfs, c, &h, inside, err);
        if (r == 0)
            hierarchy_link_controllers(rootfs, &h);
    }
    return r;
}

/* The layout of the host; `v2_alone` is set if v2 is mounted on /sys/fs/cgroup itself. */
static enum cgroup_layout hierarchy_layout(const struct mountinfo *table, bool *v2_alone)
{
    bool v1 = false, v2 = false;
    struct hierarchy h;

    for (size_t i = 0; i < table->count; i++) {
        if (!hierarchy_read(&table->items[i], &h))
            continue;
        *v2_alone = *v2_alone || (h.is_v2 && !h.name[0]);
        v2 = v2 || h.is_v2;
        v1 = v1 || !h.is_v2;
    }
    return !v1 ? v2 ? CGROUP_UNIFIED : CGROUP_UNKNOWN : v2 ? CGROUP_HYBRID : CGROUP_LEGACY;
}

/* Whether the v2 tree must be mounted for the systemd of the container. */
static bool mount_auto_wants_v2(const struct config *c, bool own_namespace, unsigned systemd,
                                enum cgroup_layout layout, bool v2_alone)
{
    enum systemd_cgroups needs = systemd_cgroups(systemd, layout);
    bool can = layout == CGROUP_HYBRID && own_namespace && !c->mount_auto.cgroup_force;

    if (needs == SYSTEMD_NEEDS_V1)
        log_warn("cgroup", "the container's systemd is older than 232 and requires cgroup v1, which the host "
                           "does not have: it may "
                           "not boot (boot the host with systemd.unified_cgroup_hierarchy=0)");
    if (needs == SYSTEMD_NEEDS_V2 && !v2_alone && !can)
        log_warn("cgroup", "the container's systemd %u refuses cgroup v1 and may not boot (%s)", systemd,
                 layout == CGROUP_LEGACY ? "mount cgroup2 on the host's /sys/fs/cgroup/unified"
                                         : "set lxc.mount.auto = cgroup2, without a shared cgroup namespace");
    return needs == SYSTEMD_NEEDS_V2 && can;
}

/*
 * systemd exits immediately if it has no hierarchy of its own, and none can be created in a cgroup namespace
 * (cgroup1_root_to_use() of the kernel). Warn here, because otherwise only the container's console shows the
 * reason.
 */
static void mount_auto_warn_missing_hierarchy(unsigned systemd, const char *cgroups)
{
    if (systemd && !strstr(cgroups, ":name=systemd:"))
        log_warn(
            "cgroup",
            "the container's init is systemd, for which this host's cgroup v1 has no hierarchy; as root: "
            "mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd systemd "
            "/sys/fs/cgroup/systemd");
}

int mount_auto_cgroup(const struct rootfs *rootfs, const struct config *c, bool own_namespace,
                      unsigned systemd, struct error *err)
{
    cleanup_mountinfo struct mountinfo table = {0};
    cleanup_free char *cgroups = NULL;
    bool v2_alone = c->mount_auto.cgroup2,
         force = v2_alone || c->mount_auto.cgroup_force || !caps_has(c, CAP_SYS_ADMIN);
    const struct hierarchy h = {.is_v2 = true};
    enum cgroup_layout layout;
    int r;

    if (c->mount_auto.cgroup == AUTO_NONE && !systemd)
        return 0;
    r = mountinfo_read(rootfs->proc_fd, "self/mountinfo", &table);
    if (r == 0)
        r = file_read(rootfs->proc_fd, "self/cgroup", 1 << 20, &cgroups, NULL);
    if (r < 0)
        return error_set(err, r, "cannot read the cgroups of the host");
    layout = hierarchy_layout(&table, &v2_alone);
    v2_alone = mount_auto_wants_v2(c, own_namespace, systemd, layout, v2_alone) || v2_alone;
    if (!v2_alone)
        mount_auto_warn_missing_hierarchy(systemd, cgroups);
    if (c->mount_auto.cgroup == AUTO_NONE)
        return 0;
    if (own_namespace && !force && !v2_alone)
        return 0;
    if (!v2_alone)
        return hierarchy_mount_all(rootfs, c, own_namespace, &table, cgroups, err);
    if (own_namespace)
        return hierarchy_mount(rootfs, &h, "sys/fs/cgroup", hierarchy_mode(c), err);
    error_text(err, ENOTSUP,
               "lxc.mount.auto = cgroup is not available with cgroup v2 only while the container shares the "
               "cgroup namespace of the host");
    return error_remedy(err, "give it a separate one, or remove cgroup from lxc.mount.auto");
}

int mount_auto_boot_id(const struct rootfs *rootfs, struct error *err)
{
    unsigned char b[16];
    char text[40];
    int r;

    cleanup_fd int place = rootfs_open(rootfs->fd, "proc/sys/kernel/random/boot_id", O_PATH, 0);
    if (place < 0 || rootfs->dev_fd < 0)
        return 0;
    if (getrandom(b, sizeof(b), 0) != sizeof(b))
        return error_set(err, errno, "cannot generate a boot id");
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562, version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(text, sizeof(text), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    cleanup_fd int file =
        openat(rootfs->dev_fd, ".lxc-boot-id", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
    if (file < 0 && (errno == EEXIST || errno == EROFS))
        return 0; /* /dev is that of the image: there is no tmpfs for the file */
    r = file < 0 || fchmod(file, 0444) < 0 ? -errno : write_all(file, text, strlen(text));
    if (r == 0)
        r = mount_auto_bind(rootfs->fd, file, "proc/sys/kernel/random/boot_id", SAFE | MS_RDONLY);
    return r < 0 ? error_set(err, r, "cannot place a boot id in the container") : 0;
}
