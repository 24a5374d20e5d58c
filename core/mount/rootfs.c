#include "core/mount/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mountinfo.h"
#include "core/base/path.h"
#include "core/mount/mounts.h"
#include "core/mount/tree.h"
#include "core/mount/image.h"

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

int mount_move(int source_fd, int target_fd)
{
    char source[32];

    snprintf(source, sizeof(source), "/proc/self/fd/%d", source_fd);
    return mount_on(target_fd, source, NULL, MS_MOVE, NULL);
}

int mount_set_flags(int fd, unsigned long flags)
{
    return mount_on(fd, NULL, NULL, flags | MS_REMOUNT | MS_BIND, NULL);
}

/*
 * Leave a chroot(2) that the host's side runs in: entering a mount namespace, be it one's own, leads to its
 * real root (setns(2)).
 */
static int leave_chroot(int namespace)
{
    return setns(namespace, CLONE_NEWNS) < 0 ? -errno : 0;
}

int rootfs_isolate(struct error *err)
{
    cleanup_fd int namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int r = namespace < 0 || root < 0 ? -errno : leave_chroot(namespace);

    if (r < 0)
        return error_set(err, r, "cannot find the root of the host's mounts");
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return error_set(err, errno, "cannot detach the container's mounts from the host's");
    /* Back: paths of the configuration are meant as who started us sees them. */
    if (fchdir(root) < 0 || chroot(".") < 0 || (directory >= 0 && fchdir(directory) < 0))
        return error_set(err, errno, "cannot return to the host's root");
    return 0;
}

/* Overlay's scratch folder lies beside the upper folder, where LXC has it too. */
static int mount_overlay(const char *lower, const char *upper, const struct config *c, const char *target,
                         const struct mount_options *o, struct error *err)
{
    cleanup_strbuf struct strbuf data = STRBUF_INIT;
    const char *slash = strrchr(upper, '/');
    cleanup_free char *work =
        slash ? format_string("%.*s/olwork", (int)(slash - upper), upper) : strdup("olwork");
    int r;

    if (!work || strbuf_printf(&data, "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work) < 0 ||
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
        if (r == EINVAL && tree_name_refused("overlay", o->data, err) == -EINVAL && err && !err->remedy[0])
            error_remedy(err, "the upper folder must be on a file system that takes an overlay's changes, as "
                              "ext4, xfs, btrfs, f2fs and tmpfs do: not on FAT, nor on an overlay");
        return r == ENODEV ? error_remedy(err, "this kernel has no overlay file system")
               : err       ? err->code
                           : -r;
    }
    return 0;
}

/* Put a prepared tree on a folder. */
static int attach_prepared(struct rootfs *r, const char *target, struct error *err)
{
    cleanup_fd int place = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int tree = rootfs_next_prepared(r), ret = place < 0 ? -errno : tree < 0 ? tree : tree_attach(tree, place);

    return ret < 0 ? error_set(err, ret, "cannot mount the rootfs on %s", target) : 0;
}

/*
 * An image that is only read, under an overlay. All of it stands on a tmpfs that the overlay then covers, so
 * the host needs no folder for it.
 */
static int mount_squashfs(struct rootfs *r, const struct rootfs_source *s, const struct config *c,
                          const char *target, const struct mount_options *o, bool prepared, struct error *err)
{
    cleanup_free char *lower = format_string("%s/lower", target), *upper = format_string("%s/upper", target);
    int ret;

    if (!lower || !upper)
        return error_set(err, ENOMEM, "cannot mount the rootfs");
    if (mount("none", target, "tmpfs", MS_NODEV | MS_NOSUID, "mode=755") < 0 || mkdir(lower, 0755) < 0 ||
        mkdir(upper, 0755) < 0)
        return error_set(err, errno, "cannot make a tmpfs on %s for the rootfs", target);
    ret = prepared ? attach_prepared(r, lower, err) : image_mount(s->path, lower, MS_RDONLY, NULL, err);
    return ret < 0 ? ret : mount_overlay(lower, s->upper ? s->upper : upper, c, target, o, err);
}

static int mount_folder(const char *path, const char *target, struct error *err)
{
    int r;

    if (mount(path, target, NULL, MS_BIND | MS_REC, NULL) == 0)
        return 0;
    r = errno;
    error_set(err, r, "cannot mount rootfs %s on %s", path, target);
    return r == ENOENT ? error_remedy(err, "set lxc.rootfs.path and lxc.rootfs.mount to folders that exist")
                       : -r;
}

static int mount_zfs(const char *dataset, const char *target, const struct mount_options *o,
                     struct error *err)
{
    int r;

    if (mount(dataset, target, "zfs", o->flags, o->data) == 0)
        return 0;
    r = errno;
    error_set(err, r, "cannot mount zfs dataset %s on %s", dataset, target);
    if (r == EINVAL && o->data[0])
        return tree_name_refused("zfs", o->data, err);
    return error_remedy(err, r == ENODEV
                                 ? "this kernel has no zfs: load its module"
                                 : "give it \"zfs set mountpoint=legacy\", or use dir: with the folder "
                                   "where it is mounted");
}

static int mount_source(struct rootfs *r, const struct rootfs_source *s, const struct config *c,
                        const char *target, const struct mount_options *o, struct error *err)
{
    bool prepared = rootfs_is_prepared(c, s, o);

    switch (s->type) {
    case ROOTFS_HOST:
        return 0;
    case ROOTFS_OVERLAY:
        return mount_overlay(s->path, s->upper, c, target, o, err);
    case ROOTFS_SQUASHFS:
        return mount_squashfs(r, s, c, target, o, prepared, err);
    default:
        break;
    }
    if (prepared)
        return attach_prepared(r, target, err);
    switch (s->type) {
    case ROOTFS_IMAGE:
        return image_mount(s->path, target, o->flags, o->data, err);
    case ROOTFS_ZFS:
        return mount_zfs(s->path, target, o, err);
    default:
        return mount_folder(s->path, target, err);
    }
}

/* Where to mount it; NULL when out of memory. */
static char *choose_target(const struct config *c, const struct rootfs_source *s)
{
    if (s->type == ROOTFS_HOST)
        return strdup("/");
    if (c->rootfs_mount && c->rootfs_mount[0])
        return strdup(c->rootfs_mount);
    if (s->type == ROOTFS_DIR && !rootfs_source_is_root(s))
        return strdup(s->path);
    if (s->type == ROOTFS_OVERLAY)
        return strdup(s->upper);
    /* A failure shows when it is mounted on; in a user namespace the monitor has made it. */
    (void)make_directories(ROOTFS_PLACE, 0755);
    return strdup(ROOTFS_PLACE);
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

/* A container of mapped ids has other rights on the way to its rootfs than who started it. */
static int name_barrier(const char *path, struct error *err)
{
    char barrier[PATH_MAX];

    return path_barrier(path, barrier, sizeof(barrier)) > 0
               ? error_remedy(err, "the container's root may not pass %s: chmod o+x %s", barrier, barrier)
               : -EACCES;
}

int rootfs_mount(const struct config *c, struct rootfs *r, struct error *err)
{
    cleanup_rootfs_source struct rootfs_source s = {0};
    cleanup_mount_options struct mount_options o = {0};
    int ret = rootfs_source_parse(c->rootfs_path, &s, err);

    if (ret < 0)
        return ret;
    rootfs_source_resolve(&s);
    ret = mount_options_parse(c->rootfs_options, &o, err);
    if (ret < 0)
        return error_context(err, "lxc.rootfs.options");
    r->proc_fd = open_proc(err);
    if (r->proc_fd < 0)
        return r->proc_fd;

    if (s.type == ROOTFS_DIR && o.data[0])
        log_warn("mounts", "lxc.rootfs.options: a directory is bound, which has no option \"%s\": ignored",
                 o.data);
    r->is_host = s.type == ROOTFS_HOST;
    r->path = choose_target(c, &s);
    r->source = strdup(s.path && s.type != ROOTFS_OVERLAY ? s.path : "");
    if (!r->path || !r->source)
        return error_set(err, ENOMEM, "cannot mount the rootfs");
    ret = mount_source(r, &s, c, r->path, &o, err);
    if (ret < 0)
        return ret == -EACCES ? name_barrier(r->path, err) : ret;
    r->fd = open(r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (r->fd < 0)
        return error_set(err, errno, "cannot open rootfs %s", r->path);
    if (!r->is_host)
        ret = mount_add_flags(r->fd, &o);
    if (ret == 0 && o.propagation)
        ret = mount_on(r->fd, NULL, NULL, o.propagation, NULL);
    if (ret < 0)
        error_set(err, ret, "cannot apply lxc.rootfs.options to %s", r->path);
    return ret == -EOPNOTSUPP ? error_remedy(err, "nosymfollow needs Linux 5.10 or newer") : ret;
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
    cleanup_mountinfo struct mountinfo table = {0};
    int ret = mountinfo_read(r->proc_fd, "self/mountinfo", &table);

    if (ret < 0)
        return ret;
    for (size_t i = 0; i < table.count; i++) {
        const char *mount_point = table.items[i].mount_point;

        /* The container's tree, what is in it, and what it is in. */
        if (!path_is_beneath(mount_point, r->path) && !path_is_beneath(r->path, mount_point))
            umount2(mount_point, MNT_DETACH);
    }
    if (fchdir(r->fd) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
        return -errno;
    return 0;
}

int rootfs_enter(struct rootfs *r, struct error *err)
{
    cleanup_fd int namespace = openat(r->proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);

    if (r->is_host)
        return chdir("/") < 0 ? error_set(err, errno, "cannot enter /") : 0;
    /* Pivoting a chroot would leave the host's tree at the root of the namespace, for whoever enters it. */
    int ret = namespace < 0 ? -errno : leave_chroot(namespace);
    cleanup_fd int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (ret < 0 || old < 0 || fchdir(r->fd) < 0)
        return error_set(err, ret < 0 ? ret : errno, "cannot enter rootfs %s", r->path);
    if (syscall(SYS_pivot_root, ".", ".") == 0) {
        /* The old root now lies on top of the new one. */
        if (fchdir(old) < 0 || umount2(".", MNT_DETACH) < 0)
            return error_set(err, errno, "cannot let go of the host's root");
    } else if (errno == EINVAL) {
        ret = move_root(r);
        if (ret < 0)
            return error_set(err, ret, "cannot make %s the root", r->path);
    } else {
        return error_set(err, errno, "cannot make %s the root", r->path);
    }
    if (chdir("/") < 0)
        return error_set(err, errno, "cannot enter the container's root");
    if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        return error_set(err, errno, "cannot make the container's mounts shared");
    /* What the host mounts there goes on arriving, and what the container mounts there is its own. */
    if (r->shmounts && mount(NULL, r->shmounts, NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return error_set(err, errno, "cannot make %s follow the host's mounts", r->shmounts);
    return 0;
}

int rootfs_next_prepared(struct rootfs *r)
{
    return r->used < r->prepared.count ? r->prepared.fds[r->used++] : -ENOENT;
}

void rootfs_close(struct rootfs *r)
{
    close_fd(&r->fd);
    close_fd(&r->dev_fd);
    close_fd(&r->pts_fd);
    close_fd(&r->proc_fd);
    fd_list_close(&r->prepared);
    free(r->path);
    free(r->source);
    free(r->shmounts);
    r->path = r->source = r->shmounts = NULL;
}
