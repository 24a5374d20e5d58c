#include "core/run/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/run/mounts.h"

#define PROC_MAGIC 0x9fa0 /* PROC_SUPER_MAGIC, linux/magic.h */

int mount_on(int target_fd, const char *source, const char *type, unsigned long flags, const char *data)
{
    char target[32];

    snprintf(target, sizeof(target), "/proc/self/fd/%d", target_fd);
    return mount(source, target, type, flags, data) < 0 ? -errno : 0;
}

int mount_bind(int source_fd, int target_fd, bool recursive)
{
    char source[32];

    snprintf(source, sizeof(source), "/proc/self/fd/%d", source_fd);
    return mount_on(target_fd, source, NULL, MS_BIND | (recursive ? MS_REC : 0), NULL);
}

int mount_set_flags(int fd, unsigned long flags)
{
    return mount_on(fd, NULL, NULL, flags | MS_REMOUNT | MS_BIND, NULL);
}

void rootfs_source_free(struct rootfs_source *s)
{
    free(s->path);
    free(s->upper);
    *s = (struct rootfs_source){0};
}

static int parse_overlay(const char *text, struct rootfs_source *s, struct error *err)
{
    const char *colon = strrchr(text, ':');

    if (!colon || colon == text || !colon[1] || strchr(text, ',')) {
        error_text(err, EINVAL, "lxc.rootfs.path = overlay:%s names no lower and upper folder", text);
        return error_remedy(err, "write overlay:LOWER:UPPER, without commas");
    }
    s->type = ROOTFS_OVERLAY;
    s->path = strndup(text, (size_t)(colon - text));
    s->upper = strdup(colon + 1);
    return s->path && s->upper ? 0 : error_set(err, ENOMEM, "cannot read lxc.rootfs.path");
}

int rootfs_source_parse(const char *text, struct rootfs_source *out, struct error *err)
{
    cleanup_rootfs_source struct rootfs_source s = {0};
    const char *colon;
    int r = 0;

    if (!text || !text[0]) {
        *out = s;
        return 0;
    }
    colon = strchr(text, ':');
    if (starts_with(text, "overlay:") || starts_with(text, "overlayfs:")) {
        r = parse_overlay(colon + 1, &s, err);
    } else if (text[0] == '/' || starts_with(text, "dir:/")) {
        s.type = ROOTFS_DIR;
        s.path = strdup(text[0] == '/' ? text : text + 4);
        if (!s.path)
            r = error_set(err, ENOMEM, "cannot read lxc.rootfs.path");
    } else if (colon) {
        error_text(err, ENOTSUP, "lxc.rootfs.path: storage of type \"%.*s\" is not supported",
                   (int)(colon - text), text);
        r = error_remedy(err, "use dir:/PATH or overlay:LOWER:UPPER");
    } else {
        error_text(err, EINVAL, "lxc.rootfs.path = %s is not an absolute path", text);
        r = error_remedy(err, "write it from the root of the host, as /var/lib/lxc/NAME/rootfs");
    }
    if (r < 0)
        return r;
    *out = s;
    s = (struct rootfs_source){0};
    return 0;
}

int rootfs_isolate(struct error *err)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return error_set(err, errno, "cannot detach the container's mounts from the host's");
    return 0;
}

/* Overlay's scratch folder lies beside the upper folder, where LXC has it too. */
static int mount_overlay(const struct rootfs_source *s, const struct config *c, const char *target,
                         const struct mount_options *o, struct error *err)
{
    cleanup_strbuf struct strbuf data = STRBUF_INIT;
    const char *slash = strrchr(s->upper, '/');
    cleanup_free char *work =
        slash ? format_string("%.*s/olwork", (int)(slash - s->upper), s->upper) : strdup("olwork");
    int r;

    if (!work || strbuf_printf(&data, "lowerdir=%s,upperdir=%s,workdir=%s", s->path, s->upper, work) < 0 ||
        /* In a user namespace overlay cannot write trusted.* attributes (kernel 5.11 on). */
        (c->idmap_count && strbuf_puts(&data, ",userxattr") < 0) ||
        (o->data[0] && strbuf_printf(&data, ",%s", o->data) < 0))
        return error_set(err, ENOMEM, "cannot mount the rootfs");
    r = make_directories(work, 0755);
    if (r < 0)
        return error_set(err, r, "cannot make folder %s for the overlay", work);
    if (mount("overlay", target, "overlay", o->flags & ~(unsigned long)(MS_BIND | MS_REC),
              strbuf_text(&data)) < 0) {
        r = errno;
        error_set(err, r, "cannot mount overlay (%s) as rootfs on %s", strbuf_text(&data), target);
        return r == ENODEV ? error_remedy(err, "this kernel has no overlay file system") : err->code;
    }
    return 0;
}

static int mount_folder(const struct rootfs_source *s, const char *target, const struct mount_options *o,
                        struct error *err)
{
    if (mount(s->path, target, NULL, MS_BIND | MS_REC, NULL) < 0) {
        int r = errno;
        error_set(err, r, "cannot mount rootfs %s on %s", s->path, target);
        return r == ENOENT
                   ? error_remedy(err, "set lxc.rootfs.path and lxc.rootfs.mount to folders that exist")
                   : err->code;
    }
    cleanup_fd int fd = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 ? -errno : mount_add_flags(fd, o);
    return r < 0 ? error_set(err, r, "cannot apply lxc.rootfs.options to %s", target) : 0;
}

static int open_proc(struct error *err)
{
    cleanup_fd int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct statfs fs;

    if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != PROC_MAGIC) {
        error_text(err, ENOENT, "/proc is not mounted on the host");
        return error_remedy(err, "run \"mount -t proc proc /proc\"");
    }
    return take_fd(&fd);
}

int rootfs_mount(const struct config *c, struct rootfs *r, struct error *err)
{
    cleanup_rootfs_source struct rootfs_source s = {0};
    cleanup_mount_options struct mount_options o = {0};
    const char *target;
    int ret = rootfs_source_parse(c->rootfs_path, &s, err);

    if (ret < 0)
        return ret;
    ret = mount_options_parse(c->rootfs_options, &o, err);
    if (ret < 0)
        return error_context(err, "lxc.rootfs.options");
    r->proc_fd = open_proc(err);
    if (r->proc_fd < 0)
        return r->proc_fd;

    r->is_host = s.type == ROOTFS_HOST;
    target = r->is_host ? "/" : s.type == ROOTFS_DIR ? s.path : s.upper;
    if (!r->is_host && c->rootfs_mount && c->rootfs_mount[0])
        target = c->rootfs_mount;
    r->path = strdup(target);
    if (!r->path)
        return error_set(err, ENOMEM, "cannot mount the rootfs");

    if (s.type == ROOTFS_OVERLAY)
        ret = mount_overlay(&s, c, target, &o, err);
    else if (s.type == ROOTFS_DIR)
        ret = mount_folder(&s, target, &o, err);
    if (ret < 0)
        return ret;
    if (o.propagation && mount(NULL, target, NULL, o.propagation, NULL) < 0)
        return error_set(err, errno, "cannot apply lxc.rootfs.options to %s", target);
    r->fd = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return r->fd < 0 ? error_set(err, errno, "cannot open rootfs %s", target) : 0;
}

int rootfs_check(const struct rootfs *r, struct error *err)
{
    struct stat ours, now;

    if (fstat(r->fd, &ours) < 0 || stat(r->path, &now) < 0)
        return error_set(err, errno, "cannot look at rootfs %s", r->path);
    if (ours.st_dev != now.st_dev || ours.st_ino != now.st_ino) {
        error_text(err, EINVAL, "something was mounted over rootfs %s while it was set up", r->path);
        return error_remedy(err, "look at lxc.mount.entry and lxc.hook.mount");
    }
    return 0;
}

/*
 * The initial ramfs cannot be pivoted (pivot_root(2), EINVAL). The container's tree is moved on top of it
 * instead. What lies beneath could be reached by a privileged process that lets go of the tree, so all else
 * is unmounted first, and only the ramfs's own files remain there.
 */
static int move_root(struct rootfs *r)
{
    cleanup_free char *table = NULL;
    size_t kept = strlen(r->path);
    int ret = file_read(r->proc_fd, "self/mountinfo", 16 << 20, &table, NULL);

    if (ret < 0)
        return ret;
    for (char *line = table, *next; line && *line; line = next) {
        char mountpoint[4096];

        next = strchr(line, '\n');
        next = next ? next + 1 : NULL;
        if (sscanf(line, "%*d %*d %*s %*s %4095s", mountpoint) != 1 || strcmp(mountpoint, "/") == 0)
            continue;
        /* The container's tree, what is in it, and what it is in. */
        if (strncmp(mountpoint, r->path, kept) == 0 && (mountpoint[kept] == '/' || !mountpoint[kept]))
            continue;
        if (starts_with(r->path, mountpoint) && r->path[strlen(mountpoint)] == '/')
            continue;
        umount2(mountpoint, MNT_DETACH);
    }
    if (fchdir(r->fd) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
        return -errno;
    return 0;
}

int rootfs_enter(struct rootfs *r, struct error *err)
{
    cleanup_fd int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (r->is_host)
        return chdir("/") < 0 ? error_set(err, errno, "cannot enter /") : 0;
    if (old < 0 || fchdir(r->fd) < 0)
        return error_set(err, errno, "cannot enter rootfs %s", r->path);
    if (syscall(SYS_pivot_root, ".", ".") == 0) {
        /* The old root now lies on top of the new one. */
        if (fchdir(old) < 0 || umount2(".", MNT_DETACH) < 0)
            return error_set(err, errno, "cannot let go of the host's root");
    } else if (errno == EINVAL) {
        int ret = move_root(r);
        if (ret < 0)
            return error_set(err, ret, "cannot make %s the root", r->path);
    } else {
        return error_set(err, errno, "cannot make %s the root", r->path);
    }
    if (chdir("/") < 0)
        return error_set(err, errno, "cannot enter the container's root");
    if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        return error_set(err, errno, "cannot make the container's mounts shared");
    return 0;
}

void rootfs_close(struct rootfs *r)
{
    close_fd(&r->fd);
    close_fd(&r->dev_fd);
    close_fd(&r->pts_fd);
    close_fd(&r->proc_fd);
    free(r->path);
    r->path = NULL;
}
