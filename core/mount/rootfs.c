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
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/mountinfo.h"
#include "core/base/path.h"
#include "core/base/procfs.h"
#include "core/mount/mounts.h"
#include "core/mount/place.h"
#include "core/mount/tree.h"
#include "core/mount/image.h"

/*
 * Leave a chroot(2) of the caller: entering a mount namespace, even the current one, sets the root directory
 * to the real root (setns(2)).
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
        return error_set(err, r, "cannot open the root of the host's mounts");
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return error_set(err, errno, "cannot detach the mounts of the container from the host");
    /* Go back: paths of the configuration are relative to the root directory of the caller. */
    if (fchdir(root) < 0 || chroot(".") < 0 || (directory >= 0 && fchdir(directory) < 0))
        return error_set(err, errno, "cannot return to the host's root");
    return 0;
}

/* The work directory of overlay is next to the upper directory, as in LXC. */
static int rootfs_mount_overlay(const char *lower, const char *upper, const struct config *c,
                                const char *target, const struct mount_options *o, struct error *err)
{
    cleanup_strbuf struct strbuf data = STRBUF_INIT;
    const char *slash = strrchr(upper, '/');
    cleanup_free char *work =
        slash ? format_string("%.*s/olwork", (int)(slash - upper), upper) : strdup("olwork");
    int r;

    if (!work || strbuf_printf(&data, "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work) < 0 ||
        /* In a user namespace overlay cannot write trusted.* attributes (since kernel 5.11). */
        (c->idmap_count && strbuf_puts(&data, ",userxattr") < 0) ||
        (o->data[0] && strbuf_printf(&data, ",%s", o->data) < 0))
        return error_set(err, ENOMEM, "cannot mount the rootfs");
    r = make_directories(work, 0755);
    if (r < 0)
        return error_set(err, r, "cannot create directory %s for the overlay", work);
    if (mount("overlay", target, "overlay", o->flags & ~(unsigned long)(MS_BIND | MS_REC),
              strbuf_text(&data)) < 0) {
        r = errno;
        error_set(err, r, "cannot mount overlay (%s) as rootfs on %s", strbuf_text(&data), target);
        if (r == EINVAL && tree_name_refused("overlay", o->data, err) == -EINVAL && err && !err->remedy[0])
            error_remedy(err, "the upper directory must be on a file system that supports overlay, such as "
                              "ext4, xfs, btrfs, f2fs and tmpfs: not on FAT, nor on an overlay");
        return r == ENODEV ? error_remedy(err, "this kernel has no overlay file system")
               : err       ? err->code
                           : -r;
    }
    return 0;
}

/* Mount a prepared tree on a directory. */
static int rootfs_attach_prepared(struct rootfs *rootfs, const char *target, struct error *err)
{
    cleanup_fd int place = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int tree = rootfs_next_prepared(rootfs), r = place < 0  ? -errno
                                                 : tree < 0 ? tree
                                                            : tree_attach(tree, place);

    return r < 0 ? error_set(err, r, "cannot mount the rootfs on %s", target) : 0;
}

/*
 * Mount a read-only image below an overlay. Both are on a tmpfs that the overlay covers, so that no directory
 * of the host is required.
 */
static int rootfs_mount_squashfs(struct rootfs *rootfs, const struct rootfs_source *s, const struct config *c,
                                 const char *target, const struct mount_options *o, bool prepared,
                                 struct error *err)
{
    cleanup_free char *lower = format_string("%s/lower", target), *upper = format_string("%s/upper", target);
    int r;

    if (!lower || !upper)
        return error_set(err, ENOMEM, "cannot mount the rootfs");
    if (mount("none", target, "tmpfs", MS_NODEV | MS_NOSUID, "mode=755") < 0 || mkdir(lower, 0755) < 0 ||
        mkdir(upper, 0755) < 0)
        return error_set(err, errno, "cannot mount a tmpfs on %s for the rootfs", target);
    r = prepared ? rootfs_attach_prepared(rootfs, lower, err)
                 : image_mount(s->path, lower, MS_RDONLY, NULL, err);
    return r < 0 ? r : rootfs_mount_overlay(lower, s->upper ? s->upper : upper, c, target, o, err);
}

static int rootfs_mount_directory(const char *path, const char *target, struct error *err)
{
    int r;

    if (mount(path, target, NULL, MS_BIND | MS_REC, NULL) == 0)
        return 0;
    r = errno;
    error_set(err, r, "cannot mount rootfs %s on %s", path, target);
    return r == ENOENT ? error_remedy(err, "set lxc.rootfs.path and lxc.rootfs.mount to existing directories")
                       : -r;
}

static int rootfs_mount_zfs(const char *dataset, const char *target, const struct mount_options *o,
                            struct error *err)
{
    int r;

    if (mount(dataset, target, "zfs", o->flags, o->data) == 0)
        return 0;
    r = errno;
    error_set(err, r, "cannot mount zfs dataset %s on %s", dataset, target);
    if (r == EINVAL && o->data[0])
        return tree_name_refused("zfs", o->data, err);
    return error_remedy(err, r == ENODEV ? "this kernel has no zfs: load its module"
                                         : "run \"zfs set mountpoint=legacy\", or use dir: with its "
                                           "mount point");
}

static int rootfs_mount_source(struct rootfs *rootfs, const struct rootfs_source *s, const struct config *c,
                               const char *target, const struct mount_options *o, struct error *err)
{
    bool prepared = rootfs_is_prepared(c, s, o);

    switch (s->type) {
    case ROOTFS_HOST:
        return 0;
    case ROOTFS_OVERLAY:
        return rootfs_mount_overlay(s->path, s->upper, c, target, o, err);
    case ROOTFS_SQUASHFS:
        return rootfs_mount_squashfs(rootfs, s, c, target, o, prepared, err);
    default:
        break;
    }
    if (prepared)
        return rootfs_attach_prepared(rootfs, target, err);
    switch (s->type) {
    case ROOTFS_IMAGE:
        return image_mount(s->path, target, o->flags, o->data, err);
    case ROOTFS_ZFS:
        return rootfs_mount_zfs(s->path, target, o, err);
    default:
        return rootfs_mount_directory(s->path, target, err);
    }
}

/* The mount point of the rootfs; NULL when out of memory. */
static char *rootfs_choose_target(const struct config *c, const struct rootfs_source *s)
{
    if (s->type == ROOTFS_HOST)
        return strdup("/");
    if (c->rootfs_mount && c->rootfs_mount[0])
        return strdup(c->rootfs_mount);
    if (s->type == ROOTFS_DIR && !rootfs_source_is_root(s))
        return strdup(s->path);
    if (s->type == ROOTFS_OVERLAY)
        return strdup(s->upper);
    /* The mount reports a failure; in a user namespace the monitor has created the directory. */
    (void)make_directories(ROOTFS_PLACE, 0755);
    return strdup(ROOTFS_PLACE);
}

/*
 * A container with mapped ids has other permissions on the parent directories of its rootfs than the caller.
 */
static int rootfs_name_barrier(const char *path, struct error *err)
{
    char barrier[PATH_MAX];

    return path_barrier(path, barrier, sizeof(barrier)) > 0
               ? error_remedy(err, "root of the container may not search %s: chmod o+x %s", barrier, barrier)
               : -EACCES;
}

int rootfs_mount(const struct config *c, struct rootfs *rootfs, struct error *err)
{
    cleanup_rootfs_source struct rootfs_source s = {0};
    cleanup_mount_options struct mount_options o = {0};
    int r = rootfs_source_parse(c->rootfs_path, &s, err);

    if (r < 0)
        return r;
    rootfs_source_resolve(&s);
    r = mount_options_parse(c->rootfs_options, &o, err);
    if (r < 0)
        return error_context(err, "lxc.rootfs.options");
    rootfs->proc_fd = procfs_open(err);
    if (rootfs->proc_fd < 0)
        return rootfs->proc_fd;

    if (s.type == ROOTFS_DIR && o.data[0])
        log_warn("mounts", "lxc.rootfs.options: a bind mount of a directory has no option \"%s\": ignored",
                 o.data);
    rootfs->is_host = s.type == ROOTFS_HOST;
    rootfs->path = rootfs_choose_target(c, &s);
    rootfs->source = strdup(s.path && s.type != ROOTFS_OVERLAY ? s.path : "");
    if (!rootfs->path || !rootfs->source)
        return error_set(err, ENOMEM, "cannot mount the rootfs");
    r = rootfs_mount_source(rootfs, &s, c, rootfs->path, &o, err);
    if (r < 0)
        return r == -EACCES ? rootfs_name_barrier(rootfs->path, err) : r;
    rootfs->fd = open(rootfs->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rootfs->fd < 0)
        return error_set(err, errno, "cannot open rootfs %s", rootfs->path);
    if (!rootfs->is_host)
        r = mount_add_flags(rootfs->fd, &o);
    if (r == 0 && o.propagation)
        r = mount_on(rootfs->fd, NULL, NULL, o.propagation, NULL);
    if (r < 0)
        error_set(err, r, "cannot apply lxc.rootfs.options to %s", rootfs->path);
    return r == -EOPNOTSUPP ? error_remedy(err, "nosymfollow needs Linux 5.10 or newer") : r;
}

int rootfs_check(const struct rootfs *rootfs, struct error *err)
{
    struct stat ours, now;

    if (fstat(rootfs->fd, &ours) < 0 || stat(rootfs->path, &now) < 0)
        return error_set(err, errno, "cannot access rootfs %s", rootfs->path);
    if (ours.st_dev != now.st_dev || ours.st_ino != now.st_ino) {
        error_text(err, EINVAL, "rootfs %s was mounted over during its setup", rootfs->path);
        return error_remedy(err, "check lxc.mount.entry and lxc.hook.mount");
    }
    return 0;
}

/*
 * pivot_root(2) does not work on the initial ramfs (EINVAL). Instead, the container's tree is moved on top of
 * it. A privileged process could reach the mounts beneath by unmounting the tree, so all other mounts are
 * unmounted first, and only the files of the ramfs remain.
 */
static int rootfs_move_root(struct rootfs *rootfs)
{
    cleanup_mountinfo struct mountinfo table = {0};
    int r = mountinfo_read(rootfs->proc_fd, "self/mountinfo", &table);

    if (r < 0)
        return r;
    for (size_t i = 0; i < table.count; i++) {
        const char *mount_point = table.items[i].mount_point;

        /* Keep the container's tree, the mounts in it, and its parents. */
        if (!path_is_beneath(mount_point, rootfs->path) && !path_is_beneath(rootfs->path, mount_point))
            umount2(mount_point, MNT_DETACH);
    }
    if (fchdir(rootfs->fd) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
        return -errno;
    return 0;
}

int rootfs_enter(struct rootfs *rootfs, struct error *err)
{
    cleanup_fd int namespace = openat(rootfs->proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);

    if (rootfs->is_host)
        return chdir("/") < 0 ? error_set(err, errno, "cannot enter /") : 0;
    /*
     * pivot_root in a chroot would keep the host's tree as the root of the namespace, visible to every
     * process that enters it.
     */
    int r = namespace < 0 ? -errno : leave_chroot(namespace);
    cleanup_fd int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (r < 0 || old < 0 || fchdir(rootfs->fd) < 0)
        return error_set(err, r < 0 ? r : errno, "cannot enter rootfs %s", rootfs->path);
    if (syscall(SYS_pivot_root, ".", ".") == 0) {
        /* The old root is now mounted on top of the new one. */
        if (fchdir(old) < 0 || umount2(".", MNT_DETACH) < 0)
            return error_set(err, errno, "cannot unmount the root of the host");
    } else if (errno == EINVAL) {
        r = rootfs_move_root(rootfs);
        if (r < 0)
            return error_set(err, r, "cannot make %s the root", rootfs->path);
    } else {
        return error_set(err, errno, "cannot make %s the root", rootfs->path);
    }
    if (chdir("/") < 0)
        return error_set(err, errno, "cannot enter the container's root");
    if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
        return error_set(err, errno, "cannot make the container's mounts shared");
    /*
     * Mounts of the host still propagate to this directory; mounts of the container do not propagate to the
     * host.
     */
    if (rootfs->shmounts && mount(NULL, rootfs->shmounts, NULL, MS_REC | MS_SLAVE, NULL) < 0)
        return error_set(err, errno, "cannot make %s a slave of the host's mounts", rootfs->shmounts);
    return 0;
}

int rootfs_next_prepared(struct rootfs *rootfs)
{
    return rootfs->used < rootfs->prepared.count ? rootfs->prepared.fds[rootfs->used++] : -ENOENT;
}

void rootfs_close(struct rootfs *rootfs)
{
    close_fd(&rootfs->fd);
    close_fd(&rootfs->dev_fd);
    close_fd(&rootfs->pts_fd);
    close_fd(&rootfs->proc_fd);
    fd_list_close(&rootfs->prepared);
    free(rootfs->path);
    free(rootfs->source);
    free(rootfs->shmounts);
    rootfs->path = rootfs->source = rootfs->shmounts = NULL;
}
