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
#include "core/mount/tree.h"

#ifndef MS_LAZYTIME
#define MS_LAZYTIME (1 << 25)
#endif

/* Flags that a bind mount has of its own; statvfs(3) reports them in the same bits. */
#define BIND_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME)

/* mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS". */
static const struct {
    const char *name;
    unsigned long set, clear;
} words[] = {
    {"defaults", 0, 0},
    {"ro", MS_RDONLY, 0},
    {"rw", 0, MS_RDONLY},
    {"nosuid", MS_NOSUID, 0},
    {"suid", 0, MS_NOSUID},
    {"nodev", MS_NODEV, 0},
    {"dev", 0, MS_NODEV},
    {"noexec", MS_NOEXEC, 0},
    {"exec", 0, MS_NOEXEC},
    {"noatime", MS_NOATIME, 0},
    {"atime", 0, MS_NOATIME},
    {"nodiratime", MS_NODIRATIME, 0},
    {"diratime", 0, MS_NODIRATIME},
    {"relatime", MS_RELATIME, 0},
    {"norelatime", 0, MS_RELATIME},
    {"strictatime", MS_STRICTATIME, 0},
    {"nostrictatime", 0, MS_STRICTATIME},
    {"lazytime", MS_LAZYTIME, 0},
    {"sync", MS_SYNCHRONOUS, 0},
    {"async", 0, MS_SYNCHRONOUS},
    {"dirsync", MS_DIRSYNC, 0},
    {"mand", MS_MANDLOCK, 0},
    {"nomand", 0, MS_MANDLOCK},
    {"remount", MS_REMOUNT, 0},
    {"bind", MS_BIND, 0},
    {"rbind", MS_BIND | MS_REC, 0},
};

/* mount(8), "Shared subtree operations". */
static const struct {
    const char *name;
    unsigned long flags;
} propagations[] = {
    {"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
    {"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
    {"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
    {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
};

void mount_options_free(struct mount_options *o)
{
    free(o->data);
    free(o->idmap);
    *o = (struct mount_options){0};
}

/* One word of an option list; what is no word of ours goes to the file system. */
static int parse_word(const char *word, struct mount_options *o, struct strbuf *data, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (strcmp(word, words[i].name) == 0) {
            o->flags = (o->flags | words[i].set) & ~words[i].clear;
            o->cleared = (o->cleared | words[i].clear) & ~words[i].set;
            return 0;
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(propagations); i++) {
        if (strcmp(word, propagations[i].name) == 0) {
            o->propagation = propagations[i].flags;
            return 0;
        }
    }
    if (strcmp(word, "optional") == 0) {
        o->optional = true;
    } else if (strcmp(word, "create=dir") == 0) {
        o->create_dir = true;
    } else if (strcmp(word, "create=file") == 0) {
        o->create_file = true;
    } else if (strcmp(word, "relative") == 0) {
        o->relative = true;
    } else if (starts_with(word, "create=")) {
        error_text(err, EINVAL, "mount option \"%s\" creates neither a file nor a folder", word);
        return error_remedy(err, "write create=dir or create=file");
    } else if (starts_with(word, "idmap=")) {
        if (!word[strlen("idmap=")]) {
            error_text(err, EINVAL, "mount option \"idmap=\" names no user namespace");
            return error_remedy(err, "write idmap=container, or idmap=/proc/PID/ns/user");
        }
        free(o->idmap);
        o->idmap = strdup(word + strlen("idmap="));
        return o->idmap ? 0 : error_set(err, ENOMEM, "cannot read mount options");
    } else if (strbuf_printf(data, "%s%s", data->length ? "," : "", word) < 0) {
        return error_set(err, ENOMEM, "cannot read mount options");
    }
    return 0;
}

int mount_options_parse(const char *text, struct mount_options *out, struct error *err)
{
    cleanup_free char *copy = strdup(text ? text : "");
    cleanup_strbuf struct strbuf data = STRBUF_INIT;
    cleanup_mount_options struct mount_options o = {0};
    char *rest = copy, *word;

    if (!copy)
        return error_set(err, ENOMEM, "cannot read mount options");
    while ((word = strsep(&rest, ","))) {
        int r = *word ? parse_word(word, &o, &data, err) : 0;
        if (r < 0)
            return r;
    }
    if (o.create_dir && o.create_file)
        return error_text(err, EINVAL, "mount options create=dir and create=file exclude each other");
    o.data = strbuf_take(&data);
    if (!o.data)
        return error_set(err, ENOMEM, "cannot read mount options");
    *out = o;
    o = (struct mount_options){0};
    return 0;
}

int mount_add_flags(int fd, const struct mount_options *o)
{
    struct statvfs now;
    unsigned long kept;
    int r;

    if (!((o->flags | o->cleared) & BIND_FLAGS))
        return 0;
    if (fstatvfs(fd, &now) < 0)
        return -errno;
    kept = now.f_flag & BIND_FLAGS;
    r = mount_set_flags(fd, (kept & ~o->cleared) | (o->flags & (BIND_FLAGS | MS_STRICTATIME)));
    /* In a user namespace the flags of a mount that came from outside are locked: mount_namespaces(7). */
    if (r == -EPERM && kept & o->cleared)
        r = mount_set_flags(fd, kept | (o->flags & (BIND_FLAGS | MS_STRICTATIME)));
    return r;
}

/* The target as a path inside the rootfs; NULL when it lies outside, which LXC passes over. */
static const char *target_inside(const struct rootfs *r, const struct config *c, const char *target)
{
    const char *prefixes[] = {r->path, c->rootfs_path};

    if (target[0] != '/' || r->is_host)
        return target;
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++) {
        const char *prefix = prefixes[i];
        size_t length;

        if (prefix && starts_with(prefix, "dir:"))
            prefix += 4;
        length = prefix ? strlen(prefix) : 0;
        if (length && strncmp(target, prefix, length) == 0 && (target[length] == '/' || !target[length]))
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

static int bind_source(const struct rootfs *r, const struct config_mount *m, const struct mount_options *o,
                       int target, struct error *err)
{
    cleanup_fd int source =
        o->relative ? rootfs_open(r->fd, m->source, O_PATH, 0) : open(m->source, O_PATH | O_CLOEXEC);
    int ret;

    if (source < 0) {
        ret = o->relative ? source : -errno;
        error_set(err, ret, "cannot bind %s%s", m->source, o->relative ? " of the container" : "");
        return ret == -ENOENT ? error_remedy(err, "make it, or add optional") : ret;
    }
    ret = mount_bind(source, target, o->flags & MS_REC);
    return ret < 0 ? error_set(err, ret, "cannot bind %s on /%s", m->source, m->target) : 0;
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
    } else if (o->flags & MS_BIND) {
        ret = bind_source(r, m, o, target, err);
    } else {
        ret = mount_on(target, m->source, m->type, o->flags, o->data);
        if (ret < 0)
            error_set(err, ret, "cannot mount %s (type %s, options \"%s\") on /%s in the container",
                      m->source, m->type, m->options ? m->options : "", m->target);
        if (ret == -ENODEV)
            error_remedy(err, "this kernel has no file system \"%s\"; a bind mount needs the option bind",
                         m->type);
    }
    if (ret < 0 || !(o->propagation || o->flags & MS_BIND))
        return ret;

    /* The mount's own root, which the fd from before the mount is not. */
    cleanup_fd int mounted = rootfs_open(r->fd, inside, O_PATH, 0);
    ret = mounted < 0 ? mounted : 0;
    if (ret == 0 && (o->flags & (MS_BIND | MS_REMOUNT)) == MS_BIND)
        ret = mount_add_flags(mounted, o);
    if (ret == 0 && o->propagation)
        ret = mount_on(mounted, NULL, NULL, o->propagation, NULL);
    return ret < 0 ? error_set(err, ret, "cannot apply options \"%s\" to /%s in the container",
                               m->options ? m->options : "", m->target)
                   : 0;
}

int mounts_apply_one(struct rootfs *r, const struct config *c, const struct config_mount *m,
                     struct error *err)
{
    cleanup_mount_options struct mount_options o = {0};
    const char *inside = target_inside(r, c, m->target);
    int ret = mount_options_parse(m->options, &o, err), tree = -1;

    if (ret < 0)
        return m->origin ? error_context(err, "%s", m->origin) : ret;
    if (o.idmap)
        tree = rootfs_next_prepared(r);
    if (!inside) {
        log_warn("mounts", "mount point %s lies outside the rootfs and is passed over", m->target);
        return 0;
    }
    ret = mount_entry(r, m, inside, &o, tree, err);
    if (ret < 0 && o.optional) {
        log_info("mounts", "%s: optional mount on /%s passed over: %s", m->origin ? m->origin : "config",
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
        ret = mounts_apply_one(r, c, &entries[i], err);
    return ret;
}

int mounts_apply(struct rootfs *r, const struct config *c, struct error *err)
{
    int ret = 0;

    for (size_t i = 0; ret == 0 && i < c->mount_count; i++)
        ret = mounts_apply_one(r, c, &c->mounts[i], err);
    if (ret == 0)
        ret = apply_nesting(r, c, err);
    return ret < 0 ? ret : automount_shmounts(r, c, err);
}
