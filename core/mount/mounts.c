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
#include "core/mount/automount.h"
#include "core/mount/image.h"
#include "core/mount/tree.h"

/* Flags of a mount, not of its file system: a bind mount has its own. */
#define BIND_FLAGS                                                                                           \
    (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NODIRATIME | MOUNT_NOSYMFOLLOW | ATIME_FLAGS)
#define ATIME_FLAGS (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)

/* statvfs(3) has bits of its own for these. */
#define STATVFS_RELATIME    0x1000 /* ST_RELATIME */
#define STATVFS_NOSYMFOLLOW 0x2000 /* ST_NOSYMFOLLOW */

/* The flags of the mount that `fd` is in, as MS_* of mount(2), with exactly one of ATIME_FLAGS. */
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
    /* A remount that names no atime flag leaves them all as they are: mount(2). */
    if (!(flags & ATIME_FLAGS))
        flags |= MS_RELATIME;
    r = mount_set_flags(fd, flags);
    /* In a user namespace the flags of a mount that came from outside are locked: mount_namespaces(7). */
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
 * The target as a path inside the rootfs; NULL when it lies outside, which LXC ignores. An absolute target
 * may begin with lxc.rootfs.path, with where the rootfs is assembled, or with LXCPATH/NAME/rootfs, whatever
 * the storage.
 */
static const char *target_inside(const struct rootfs *r, const char *target)
{
    const char *prefixes[] = {r->home, r->path, r->source};

    if (target[0] != '/' || r->is_host)
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

static int open_target(const struct rootfs *r, const char *inside, const struct mount_options *o,
                       struct error *err)
{
    int fd;

    if (o->create_dir)
        fd = rootfs_make_directory(r->fd, inside, 0755);
    else if (o->create_file)
        fd = rootfs_make_file(r->fd, inside, 0644);
    else
        fd = rootfs_open(r->fd, inside, O_PATH, 0);
    if (fd >= 0)
        return fd;
    error_set(err, fd, "cannot open mount point /%s in the container", inside + (inside[0] == '/'));
    return fd == -ENOENT && !o->create_dir ? error_remedy(err, "add create=dir or create=file, or optional")
                                           : fd;
}

/* bind, rbind, move: what is mounted on the target is a part of the host's tree or of the container's. */
static int mount_tree(const struct rootfs *r, const struct config_mount *m, const struct mount_options *o,
                      int target, struct error *err)
{
    const char *doing = o->flags & MS_MOVE ? "move" : "bind";
    cleanup_fd int source =
        o->relative ? rootfs_open(r->fd, m->source, O_PATH, 0) : open(m->source, O_PATH | O_CLOEXEC);
    int ret;

    if (source < 0) {
        ret = o->relative ? source : -errno;
        error_set(err, ret, "cannot %s %s%s", doing, m->source, o->relative ? " of the container" : "");
        return ret == -ENOENT ? error_remedy(err, "make it, or add optional") : ret;
    }
    ret = o->flags & MS_MOVE ? mount_move(source, target) : mount_bind(source, target, o->flags & MS_REC);
    if (ret < 0)
        error_set(err, ret, "cannot %s %s to /%s in the container", doing, m->source, m->target);
    return ret == -EINVAL && o->flags & MS_MOVE
               ? error_remedy(err, "only a mount point can be moved, in a user namespace only one of its own")
               : ret;
}

/* A file system of its own. A regular file goes through a loop device, as with mount(8). */
static int mount_new(const struct config_mount *m, const struct mount_options *o, int target,
                     struct error *err)
{
    char path[32];
    int ret = mount_on(target, m->source, m->type, o->flags, o->data);

    if (ret == -ENOTBLK) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", target);
        return image_mount(m->source, path, o->flags, o->data, err);
    }
    if (ret < 0)
        error_set(err, ret, "cannot mount %s (type %s, options \"%s\") on /%s in the container", m->source,
                  m->type, m->options, m->target);
    if (ret == -EINVAL)
        return tree_name_refused(m->type, o->data, err);
    return ret == -ENODEV ? error_remedy(err,
                                         "this kernel has no file system \"%s\"; a bind mount needs the "
                                         "option bind",
                                         m->type)
                          : ret;
}

/* The options of the mount itself, which the kernel takes once it is there. */
static int apply_options(const struct rootfs *r, const struct config_mount *m, const char *inside,
                         const struct mount_options *o, struct error *err)
{
    /* The mount's own root, which an fd from before the mount is not. */
    cleanup_fd int mounted = rootfs_open(r->fd, inside, O_PATH, 0);
    int ret = mounted < 0 ? mounted : 0;

    if (ret == 0 && !(o->flags & MS_REMOUNT))
        ret = mount_add_flags(mounted, o);
    if (ret == 0 && o->propagation)
        ret = mount_on(mounted, NULL, NULL, o->propagation, NULL);
    if (ret < 0)
        error_set(err, ret, "cannot apply options \"%s\" to /%s in the container", m->options, m->target);
    return ret == -EOPNOTSUPP ? error_remedy(err, "nosymfollow needs Linux 5.10 or newer") : ret;
}

/* `tree` is what the monitor prepared for it; -1: nothing. */
static int mount_entry(const struct rootfs *r, const struct config_mount *m, const char *inside,
                       const struct mount_options *o, int tree, struct error *err)
{
    cleanup_fd int target = open_target(r, inside, o, err);
    int ret = 0;

    if (target < 0)
        return target;
    if (o->idmap) {
        ret = tree < 0 ? tree : tree_attach(tree, target);
        if (ret < 0)
            error_set(err, ret, "cannot mount %s (idmap=%s) on /%s in the container", m->source, o->idmap,
                      m->target);
    } else if (o->flags & MS_REMOUNT) {
        ret = mount_on(target, m->source, m->type, o->flags, o->data);
        if (ret < 0)
            error_set(err, ret, "cannot remount /%s in the container", m->target);
    } else if (o->flags & (MS_BIND | MS_MOVE)) {
        if (o->data[0])
            log_warn("mounts", "%s: a bind mount has no option \"%s\": ignored", m->origin, o->data);
        ret = mount_tree(r, m, o, target, err);
    } else {
        ret = mount_new(m, o, target, err);
    }
    if (ret < 0 || !(o->propagation || o->flags & (MS_BIND | MS_MOVE | MOUNT_NOSYMFOLLOW)))
        return ret;
    return apply_options(r, m, inside, o, err);
}

int mounts_apply_one(struct rootfs *r, const struct config_mount *m, struct error *err)
{
    cleanup_mount_options struct mount_options o = {0};
    const char *inside = target_inside(r, m->target);
    int ret = mount_options_parse(m->options, &o, err), tree = -1;

    if (ret < 0)
        return m->origin ? error_context(err, "%s", m->origin) : ret;
    if (o.idmap)
        tree = rootfs_next_prepared(r);
    if (!inside) {
        log_warn("mounts", "mount point %s lies outside the rootfs and is ignored", m->target);
        return 0;
    }
    ret = mount_entry(r, m, inside, &o, tree, err);
    if (ret < 0 && o.optional) {
        log_info("mounts", "%s: optional mount on /%s ignored: %s", m->origin ? m->origin : "config",
                 m->target, err ? err->text : strerror(-ret));
        if (err)
            error_clear(err);
        return 0;
    }
    return ret < 0 && m->origin ? error_context(err, "%s", m->origin) : ret;
}

/*
 * A nested container needs a proc and a sysfs without anything mounted over them in sight, for the kernel to
 * let it mount its own (mount_namespaces(7), "fully visible"). LXC's place for them.
 */
static int apply_nesting(struct rootfs *r, const struct config *c, struct error *err)
{
    const struct config_mount entries[] = {
        {(char *)"proc", (char *)"dev/.lxc/proc", (char *)"proc", (char *)"create=dir,optional", NULL, NULL},
        {(char *)"sys", (char *)"dev/.lxc/sys", (char *)"sysfs", (char *)"create=dir,optional", NULL, NULL},
    };
    int ret = 0;

    for (size_t i = 0; ret == 0 && c->apparmor_allow_nesting && i < ARRAY_LENGTH(entries); i++)
        ret = mounts_apply_one(r, &entries[i], err);
    return ret;
}

int mounts_apply(struct rootfs *r, const struct config *c, struct error *err)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < c->mount_count; i++)
        ret = mounts_apply_one(r, &c->mounts[i], err);
    if (ret == 0)
        ret = apply_nesting(r, c, err);
    return ret < 0 ? ret : automount_shmounts(r, c, err);
}
