#include "core/mount/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/path.h"
#include "core/base/procfs.h"
#include "core/mount/mount_auto.h"
#include "core/mount/image.h"
#include "core/mount/place.h"
#include "core/mount/tree.h"

/* Flags of a mount, not of its file system: a bind mount has separate flags. */
#define BIND_FLAGS                                                                                           \
    (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NODIRATIME | MOUNT_NOSYMFOLLOW | ATIME_FLAGS)
#define ATIME_FLAGS (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)

/* Flags of statvfs(3) with other values than those of mount(2). */
#define STATVFS_RELATIME    0x1000 /* ST_RELATIME */
#define STATVFS_NOSYMFOLLOW 0x2000 /* ST_NOSYMFOLLOW */

/* Read the flags of the mount of `fd`, as MS_* of mount(2), with exactly one of ATIME_FLAGS. */
static int mount_flags_read(int fd, unsigned long *flags)
{
    struct statvfs now;

    if (fstatvfs(fd, &now) < 0)
        return -errno;
    *flags = now.f_flag & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME);
    if (!(*flags & MS_NOATIME))
        *flags |= now.f_flag & STATVFS_RELATIME ? MS_RELATIME : MS_STRICTATIME;
    if (now.f_flag & STATVFS_NOSYMFOLLOW)
        *flags |= MOUNT_NOSYMFOLLOW;
    return 0;
}

int mount_add_flags(int fd, const struct mount_options *o)
{
    unsigned long wanted = o->flags & BIND_FLAGS, kept, now, flags;
    int r;

    if (!((o->flags | o->cleared) & BIND_FLAGS))
        return 0;
    r = mount_flags_read(fd, &now);
    if (r < 0)
        return r;
    kept = now & ~o->cleared & ~(wanted & ATIME_FLAGS ? (unsigned long)ATIME_FLAGS : 0);
    flags = kept | wanted;
    /* A remount without an atime flag does not change any of them: mount(2). */
    if (!(flags & ATIME_FLAGS))
        flags |= MS_RELATIME;
    r = mount_set_flags(fd, flags);
    /* In a user namespace the flags of a mount from outside are locked: mount_namespaces(7). */
    if (r == -EPERM && now & ~flags)
        r = mount_set_flags(fd, now | wanted);
    if (r == 0 && wanted & MOUNT_NOSYMFOLLOW) {
        r = mount_flags_read(fd, &now);
        if (r == 0 && !(now & MOUNT_NOSYMFOLLOW)) /* before Linux 5.10 an unknown bit is ignored */
            r = -EOPNOTSUPP;
    }
    return r;
}

/*
 * The target as a path in the rootfs; NULL if it is outside, which LXC ignores. An absolute target may begin
 * with lxc.rootfs.path, with the mount point of the rootfs, or with LXCPATH/NAME/rootfs for any storage.
 */
static const char *mounts_target(const struct rootfs *rootfs, const char *target)
{
    const char *prefixes[] = {rootfs->home, rootfs->path, rootfs->source};

    if (target[0] != '/' || rootfs->is_host)
        return target;
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        size_t length = prefixes[i] ? strlen(prefixes[i]) : 0;

        if (length == 1) /* lxc.rootfs.path = / */
            return target;
        if (length && strncmp(target, prefixes[i], length) == 0 && (target[length] == '/' || !target[length]))
            return target[length] ? target + length : "/";
    }
    return NULL;
}

static int mounts_open_target(const struct rootfs *rootfs, const char *inside, const struct mount_options *o,
                              struct error *err)
{
    int fd;

    if (o->create_dir)
        fd = rootfs_make_directory(rootfs->fd, inside, 0755);
    else if (o->create_file)
        fd = rootfs_make_file(rootfs->fd, inside, 0644);
    else
        fd = rootfs_open(rootfs->fd, inside, O_PATH, 0);
    if (fd >= 0)
        return fd;
    error_set(err, fd, "cannot open mount point /%s in the container", inside + (inside[0] == '/'));
    return fd == -ENOENT && !o->create_dir ? error_remedy(err, "add create=dir or create=file, or optional")
                                           : fd;
}

/*
 * bind, rbind, move: mount a part of the host's or of the container's tree on the target. Returns an fd of
 * the mount.
 */
static int mounts_bind_or_move(const struct rootfs *rootfs, const struct config_mount *m,
                               const struct mount_options *o, const struct place *target, struct error *err)
{
    const char *doing = o->flags & MS_MOVE ? "move" : "bind";
    cleanup_fd int source =
        o->relative ? rootfs_open(rootfs->fd, m->source, O_PATH, 0) : open(m->source, O_PATH | O_CLOEXEC);
    int r;

    if (source < 0) {
        r = o->relative ? source : -errno;
        error_set(err, r, "cannot %s %s%s", doing, m->source, o->relative ? " of the container" : "");
        return r == -ENOENT ? error_remedy(err, "create it, or add optional") : r;
    }
    if (o->flags & MS_MOVE)
        r = mount_move(source, target->fd);
    else
        r = place_bind(target, source, o->flags & MS_REC);
    if (r == 0 && o->flags & MS_MOVE)
        r = take_fd(&source);
    if (r < 0)
        error_set(err, r, "cannot %s %s to /%s in the container", doing, m->source, m->target);
    return r == -EINVAL && o->flags & MS_MOVE
               ? error_remedy(
                     err, "only a mount point can be moved, and in a user namespace only one created in it")
               : r;
}

/* Mount a file system. A regular file is mounted through a loop device, as with mount(8). */
static int mounts_new(const struct config_mount *m, const struct mount_options *o, int target,
                      struct error *err)
{
    char path[PROCFS_FD_SIZE];
    int r = mount_on(target, m->source, m->type, o->flags, o->data);

    if (r == -ENOTBLK && procfs_fd_path(target, path))
        return image_mount(m->source, path, o->flags, o->data, err);
    if (r < 0)
        error_set(err, r, "cannot mount %s (type %s, options \"%s\") on /%s in the container", m->source,
                  m->type, m->options, m->target);
    if (r == -EINVAL)
        return tree_name_refused(m->type, o->data, err);
    return r == -ENODEV ? error_remedy(err,
                                       "this kernel has no file system \"%s\"; a bind mount requires the "
                                       "option bind",
                                       m->type)
                        : r;
}

/*
 * Apply the options of the mount itself, which the kernel accepts only after mounting. `mounted` is an fd of
 * the root of the mount.
 */
static int mounts_apply_options(int mounted, const struct config_mount *m, const struct mount_options *o,
                                struct error *err)
{
    int r = mounted < 0 ? mounted : 0;

    if (r == 0 && !(o->flags & MS_REMOUNT))
        r = mount_add_flags(mounted, o);
    if (r == 0 && o->propagation)
        r = mount_on(mounted, NULL, NULL, o->propagation, NULL);
    if (r < 0)
        error_set(err, r, "cannot apply options \"%s\" to /%s in the container", m->options, m->target);
    return r == -EOPNOTSUPP ? error_remedy(err, "nosymfollow needs Linux 5.10 or newer") : r;
}

/* `tree` is the tree that the monitor has prepared; -1: none. */
static int mounts_entry(const struct rootfs *rootfs, const struct config_mount *m, const char *inside,
                        const struct mount_options *o, int tree, struct error *err)
{
    cleanup_fd int target = mounts_open_target(rootfs, inside, o, err), opened = -1;
    const struct place place = {target, rootfs->fd, inside};
    bool has_options = o->propagation || o->flags & (MS_BIND | MS_MOVE | MOUNT_NOSYMFOLLOW);
    int mounted = target, r = 0;

    if (target < 0)
        return target;
    if (o->idmap) {
        mounted = tree;
        r = tree < 0 ? tree : tree_attach(tree, target);
        if (r < 0)
            error_set(err, r, "cannot mount %s (idmap=%s) on /%s in the container", m->source, o->idmap,
                      m->target);
    } else if (o->flags & MS_REMOUNT) {
        r = mount_on(target, m->source, m->type, o->flags, o->data);
        if (r < 0)
            error_set(err, r, "cannot remount /%s in the container", m->target);
    } else if (o->flags & (MS_BIND | MS_MOVE)) {
        if (o->data[0])
            log_warn("mounts", "%s: a bind mount has no option \"%s\": ignored", m->origin, o->data);
        r = mounted = opened = mounts_bind_or_move(rootfs, m, o, &place, err);
    } else {
        r = mounts_new(m, o, target, err);
        if (r == 0 && has_options)
            mounted = opened = place_open(&place);
    }
    return r < 0 || !has_options ? r : mounts_apply_options(mounted, m, o, err);
}

int mounts_apply_one(struct rootfs *rootfs, const struct config_mount *m, struct error *err)
{
    cleanup_mount_options struct mount_options o = {0};
    const char *inside = mounts_target(rootfs, m->target);
    int r = mount_options_parse(m->options, &o, err), tree = -1;

    if (r < 0)
        return m->origin ? error_context(err, "%s", m->origin) : r;
    if (o.idmap)
        tree = rootfs_next_prepared(rootfs);
    if (!inside) {
        log_warn("mounts", "mount point %s is outside the rootfs and is ignored", m->target);
        return 0;
    }
    r = mounts_entry(rootfs, m, inside, &o, tree, err);
    if (r < 0 && o.optional) {
        log_info("mounts", "%s: optional mount on /%s ignored: %s", m->origin ? m->origin : "config",
                 m->target, err ? err->text : strerror(-r));
        error_clear(err);
        return 0;
    }
    return r < 0 && m->origin ? error_context(err, "%s", m->origin) : r;
}

/*
 * The kernel allows a nested container to mount proc and sysfs only if instances with nothing mounted over
 * them are visible (mount_namespaces(7), "fully visible"). LXC mounts them here.
 */
static int mounts_apply_nesting(struct rootfs *rootfs, const struct config *c, struct error *err)
{
    const struct config_mount entries[] = {
        {(char *)"proc", (char *)"dev/.lxc/proc", (char *)"proc", (char *)"create=dir,optional", NULL, NULL},
        {(char *)"sys", (char *)"dev/.lxc/sys", (char *)"sysfs", (char *)"create=dir,optional", NULL, NULL},
    };
    int r = 0;

    for (size_t i = 0; r == 0 && c->apparmor_allow_nesting && i < ARRAY_LENGTH(entries); i++)
        r = mounts_apply_one(rootfs, &entries[i], err);
    return r;
}

int mounts_apply(struct rootfs *rootfs, const struct config *c, struct error *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < c->mount_count; i++)
        r = mounts_apply_one(rootfs, &c->mounts[i], err);
    if (r == 0)
        r = mounts_apply_nesting(rootfs, c, err);
    return r < 0 ? r : mount_auto_shmounts(rootfs, c, err);
}
