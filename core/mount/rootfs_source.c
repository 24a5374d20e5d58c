/* Parsing lxc.rootfs.path, and the mounts that the monitor prepares for the child. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/mount/mounts.h"
#include "core/mount/rootfs.h"
#include "core/mount/tree.h"
#include "core/mount/image.h"

/* The types before the colon. `refusal` is the reason for rejecting a type, `remedy` the alternative. */
static const struct {
    char name[10];
    bool has_upper; /* another path follows, after the last colon */
    bool is_free;   /* the path need not be absolute */
    enum rootfs_type type;
    const char *refusal, *remedy;
} types[] = {
    {"dir", false, false, ROOTFS_DIR, NULL, NULL},
    {"btrfs", false, false, ROOTFS_DIR, NULL, NULL},
    {"overlay", true, true, ROOTFS_OVERLAY, NULL, NULL},
    {"overlayfs", true, true, ROOTFS_OVERLAY, NULL, NULL},
    {"loop", false, false, ROOTFS_IMAGE, NULL, NULL},
    {"lvm", false, false, ROOTFS_IMAGE, NULL, NULL},
    {"zfs", false, true, ROOTFS_ZFS, NULL, NULL},
    {"squashfs", true, false, ROOTFS_SQUASHFS, NULL, NULL},
    {"nbd", false, true, ROOTFS_HOST, "requires a program that serves the image (qemu-nbd)",
     "connect it and use the path of the block device, or convert it to a raw image and use loop:/FILE"},
    {"rbd", false, true, ROOTFS_HOST, "requires the Ceph client to map the image",
     "run \"rbd map\" and use the path of the block device"},
};

void rootfs_source_free(struct rootfs_source *s)
{
    free(s->path);
    free(s->upper);
    *s = (struct rootfs_source){0};
}

static int rootfs_source_take_upper(const char *text, const char *type, struct rootfs_source *s,
                                    struct error *err)
{
    char *colon = strrchr(s->path, ':');

    if (!colon && s->type == ROOTFS_SQUASHFS)
        return 0;
    if (!colon || colon == s->path || !colon[1] || strchr(s->path, ',')) {
        error_text(err, EINVAL, "lxc.rootfs.path = %s does not name a lower and an upper directory", text);
        return error_remedy(err, "write %s:LOWER:UPPER, without commas", type);
    }
    s->upper = strdup(colon + 1);
    *colon = '\0';
    return s->upper ? 0 : error_set(err, ENOMEM, "cannot read lxc.rootfs.path");
}

int rootfs_source_parse(const char *text, struct rootfs_source *out, struct error *err)
{
    cleanup_rootfs_source struct rootfs_source s = {0};
    const char *colon, *path = text;
    size_t i = 0;
    int r;

    if (!text || !text[0]) {
        *out = s;
        return 0;
    }
    colon = strchr(text, ':');
    if (text[0] != '/' && colon) {
        size_t length = (size_t)(colon - text);
        while (i < ARRAY_LENGTH(types) &&
               (strlen(types[i].name) != length || strncmp(text, types[i].name, length) != 0))
            i++;
        if (i == ARRAY_LENGTH(types)) {
            error_text(err, ENOTSUP, "lxc.rootfs.path: there is no storage of type \"%.*s\"", (int)length,
                       text);
            return error_remedy(err, "use dir:, btrfs:, overlay:, loop:, lvm:, zfs: or squashfs:");
        }
        path = colon + 1;
    }
    if (types[i].refusal) {
        error_text(err, ENOTSUP, "lxc.rootfs.path = %s: the type %s %s", text, types[i].name,
                   types[i].refusal);
        return error_remedy(err, "%s", types[i].remedy);
    }
    if (!path[0] || (!types[i].is_free && path[0] != '/')) {
        error_text(err, EINVAL, "lxc.rootfs.path = %s is not an absolute path", text);
        return error_remedy(err, "write an absolute path of the host, such as /var/lib/lxc/NAME/rootfs");
    }
    s.type = types[i].type;
    s.path = strdup(path);
    if (!s.path)
        return error_set(err, ENOMEM, "cannot read lxc.rootfs.path");
    r = types[i].has_upper ? rootfs_source_take_upper(text, types[i].name, &s, err) : 0;
    if (r < 0)
        return r;
    *out = s;
    s = (struct rootfs_source){0};
    return 0;
}

void rootfs_source_resolve(struct rootfs_source *s)
{
    struct stat st;

    if (s->type == ROOTFS_DIR && stat(s->path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)))
        s->type = ROOTFS_IMAGE;
}

bool rootfs_source_is_root(const struct rootfs_source *s)
{
    struct stat root, st;

    return s->type == ROOTFS_DIR && stat("/", &root) == 0 && stat(s->path, &st) == 0 &&
           root.st_dev == st.st_dev && root.st_ino == st.st_ino;
}

bool rootfs_is_prepared(const struct config *c, const struct rootfs_source *s, const struct mount_options *o)
{
    /* Only root of the host can mount a block device. */
    bool is_device = s->type == ROOTFS_IMAGE || s->type == ROOTFS_ZFS || s->type == ROOTFS_SQUASHFS;

    return o->idmap || (is_device && c->idmap_count);
}

/* Open the user namespace of idmap=. */
static int idmap_open_userns(const char *idmap, pid_t child, struct error *err)
{
    bool is_own = strcmp(idmap, "container") == 0;
    cleanup_free char *path = is_own ? format_string("/proc/%d/ns/user", (int)child) : strdup(idmap);
    struct stat own, its;

    if (!path)
        return error_set(err, ENOMEM, "cannot open a user namespace");
    cleanup_fd int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return error_set(err, errno, "idmap=%s: cannot open the user namespace", idmap);
    if (is_own && fstat(fd, &its) == 0 && stat("/proc/self/ns/user", &own) == 0 && its.st_ino == own.st_ino) {
        error_text(err, EINVAL, "idmap=container: the container has no user namespace");
        return error_remedy(err, "set lxc.idmap, or remove the option");
    }
    return take_fd(&fd);
}

/* Map the ids of a tree, and prevent propagation of its mounts to the host. */
static int idmap_adjust_tree(int tree, const char *idmap, pid_t child, unsigned long propagation,
                             struct error *err)
{
    cleanup_fd int userns = idmap ? idmap_open_userns(idmap, child, err) : -1;
    int r;

    if (!idmap)
        return 0; /* a new file system mount, which is private */
    if (userns < 0)
        return userns;
    r = tree_adjust(tree, userns, propagation, true);
    if (r >= 0)
        return 0;
    error_set(err, r, "cannot map ids of a mount (idmap=%s)", idmap);
    return r == -EINVAL || r == -ENOSYS
               ? error_remedy(
                     err, "its file system, or one mounted below it, does not support it with this kernel")
               : r;
}

static int prepared_add(struct fd_list *out, int *tree, struct error *err)
{
    if (out->count == ARRAY_LENGTH(out->fds))
        return error_text(err, E2BIG, "there are more than %d mounts with idmap=", MESSAGE_FDS_MAX);
    out->fds[out->count++] = take_fd(tree);
    return 0;
}

static int prepared_rootfs(const struct config *c, pid_t child, struct fd_list *out, struct error *err)
{
    cleanup_rootfs_source struct rootfs_source s = {0};
    cleanup_mount_options struct mount_options o = {0};
    cleanup_fd int tree = -1;
    int r = rootfs_source_parse(c->rootfs_path, &s, err);

    if (r == 0)
        r = mount_options_parse(c->rootfs_options, &o, err);
    if (r < 0)
        return r;
    rootfs_source_resolve(&s);
    if (s.type == ROOTFS_IMAGE || s.type == ROOTFS_ZFS || s.type == ROOTFS_SQUASHFS ||
        rootfs_source_is_root(&s))
        (void)make_directories(ROOTFS_PLACE, 0755);
    if (!rootfs_is_prepared(c, &s, &o))
        return 0;
    switch (s.type) {
    case ROOTFS_DIR:
        tree = tree_clone(s.path, true);
        break;
    case ROOTFS_ZFS:
        tree = tree_new("zfs", s.path, o.flags, o.data);
        break;
    case ROOTFS_IMAGE:
        tree = image_tree(s.path, o.flags, o.data, err);
        break;
    case ROOTFS_SQUASHFS:
        tree = image_tree(s.path, MS_RDONLY, NULL, err);
        break;
    default:
        error_text(err, EINVAL, "idmap=%s: this rootfs (%s) cannot have its ids mapped", o.idmap,
                   s.type == ROOTFS_HOST ? "the host's own" : "an overlay");
        return error_remedy(err, "use a directory or an image, or remove the option");
    }
    if (tree < 0 && (s.type == ROOTFS_DIR || s.type == ROOTFS_ZFS)) {
        r = tree;
        error_set(err, r, "cannot mount rootfs %s", s.path);
        return r == -ENOSYS ? error_remedy(err, "this requires Linux 5.12 or later") : r;
    }
    if (tree < 0)
        return tree;
    r = idmap_adjust_tree(tree, o.idmap, child, s.type == ROOTFS_DIR ? MS_SLAVE : MS_PRIVATE, err);
    return r < 0 ? error_context(err, "lxc.rootfs.options") : prepared_add(out, &tree, err);
}

static int prepared_entry(const struct config_mount *m, const struct mount_options *o, pid_t child, int *tree,
                          struct error *err)
{
    if (!(o->flags & MS_BIND) || o->relative) {
        error_text(err, EINVAL, "idmap=%s: only a bind mount of a host directory can have its ids mapped",
                   o->idmap);
        return error_remedy(err, "write bind or rbind, without relative");
    }
    *tree = tree_clone(m->source, o->flags & MS_REC);
    if (*tree < 0)
        return error_set(err, *tree, "cannot bind %s", m->source);
    return idmap_adjust_tree(*tree, o->idmap, child, MS_SLAVE, err);
}

int rootfs_prepare(const struct config *c, pid_t child, struct fd_list *out, struct error *err)
{
    int r = prepared_rootfs(c, child, out, err);

    for (size_t i = 0; r == 0 && i < c->mount_count; i++) {
        const struct config_mount *m = &c->mounts[i];
        cleanup_mount_options struct mount_options o = {0};
        cleanup_fd int tree = -1;

        /* The child reports errors in other options. */
        if (mount_options_parse(m->options, &o, NULL) < 0 || !o.idmap)
            continue;
        r = prepared_entry(m, &o, child, &tree, err);
        if (r < 0 && o.optional) {
            log_info("mounts", "%s: optional mount on /%s skipped: %s", m->origin ? m->origin : "config",
                     m->target, err ? err->text : strerror(-r));
            error_clear(err);
            close_fd(&tree);
            /* The child expects a tree; this one cannot be mounted, so the child ignores the entry too. */
            tree = memfd_create("none", MFD_CLOEXEC);
        } else if (r < 0) {
            return m->origin ? error_context(err, "%s", m->origin) : r;
        }
        r = prepared_add(out, &tree, err);
    }
    return r;
}
