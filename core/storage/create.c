#include "core/storage/create.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/edit.h"
#include "core/config/global.h"
#include "core/namespace/idmap_write.h"
#include "core/mount/rootfs.h"
#include "core/storage/btrfs.h"
#include "core/mount/image.h"
#include "core/storage/storage.h"

#define MAX_CONFIG (1 << 20)

/* State of a creation, passed through the worker. */
struct making {
    const struct create_options *options;
    create_fill *fill;
    void *context;
};

static void place_end(struct create_place *p)
{
    close_fd(&p->rootfs_fd);
    free(p->rootfs);
    free(p->rootfs_now);
    if (p->config)
        config_free(p->config);
    strbuf_free(&p->own);
    strbuf_free(&p->network);
    strbuf_free(&p->distribution);
    strbuf_free(&p->written);
}

bool create_without_config(const struct create_options *o)
{
    const char *file = global_item("lxc.default_config");

    return !o->config_file && (!file || (access(file, F_OK) < 0 && errno == ENOENT));
}

/* Read the text of the container's own part. */
static int config_read_default(const struct create_options *o, char **text, struct error *err)
{
    const char *file = o->config_file ? o->config_file : global_item("lxc.default_config");
    int r = file ? file_read(AT_FDCWD, file, MAX_CONFIG, text, NULL) : -ENOENT;

    if (r == -ENOENT && create_without_config(o)) {
        *text = o->bridge ? format_string("lxc.net.0.type = veth\n"
                                          "lxc.net.0.link = %s\n"
                                          "lxc.net.0.flags = up\n",
                                          o->bridge)
                          : strdup("# For a network: \"lxc-net start\", and in place of the next line\n"
                                   "# lxc.net.0.type = veth, lxc.net.0.link = lxcbr0, lxc.net.0.flags = up\n"
                                   "lxc.net.0.type = empty\n");
        r = *text ? 0 : -ENOMEM;
    }
    return r < 0 ? error_set(err, r, "cannot read configuration %s", file ? file : "") : 0;
}

/* Determine the path of the rootfs by -B and --dir, and the value of lxc.rootfs.path. */
static int rootfs_set_path(struct create_place *p, const struct create_options *o, struct error *err)
{
    cleanup_strbuf struct strbuf there = STRBUF_INIT;
    const char *path;

    if (config_text_get(strbuf_text(&p->own), "lxc.rootfs.path", &there) == -ENOMEM ||
        config_text_remove(&p->own, "lxc.rootfs.path") < 0)
        return error_set(err, ENOMEM, "cannot create container %s", p->container->name);
    path = config_rootfs_location(strbuf_text(&there));
    if (access(path, F_OK) == 0) {
        error_text(err, EEXIST, "the configuration names a rootfs that exists, %s", path);
        return error_remedy(err, "use it with -t none, or remove lxc.rootfs.path");
    }
    p->rootfs = o->dir ? strdup(o->dir) : container_path(p->container, "rootfs");
    p->rootfs_now = o->dir ? strdup(o->dir) : format_string("%s/rootfs", p->path);
    if (!p->rootfs || !p->rootfs_now)
        return error_set(err, ENOMEM, "cannot create container %s", p->container->name);
    return 0;
}

static bool rootfs_is_image(const struct create_options *o)
{
    return o->rootfs && o->storage && strcmp(o->storage, "loop") == 0;
}

static bool rootfs_is_overlay(const struct create_options *o)
{
    return o->rootfs && o->storage && strcmp(o->storage, "overlay") == 0;
}

/* Create an image file and mount it at the rootfs, in a mount namespace of this process. */
static int image_mount_new(const struct create_place *p, const struct create_options *o, struct error *err)
{
    cleanup_free char *path = format_string("%s/rootdev", p->path);
    int r = path ? 0 : error_set(err, ENOMEM, "cannot create container %s", p->container->name);

    if (r == 0)
        r = image_create(path, o->size_bytes ? o->size_bytes : UINT64_C(1) << 30,
                         o->fstype ? o->fstype : "ext4", err);
    if (r == 0 && unshare(CLONE_NEWNS) < 0)
        r = error_set(err, errno, "cannot create a mount namespace");
    if (r == 0)
        r = rootfs_isolate(err);
    return r < 0 ? r : image_mount(path, p->rootfs_now, 0, NULL, err);
}

/* Unmount an image or an overlay, so that it is complete and not in use. */
static int rootfs_unmount(struct create_place *p, struct error *err)
{
    close_fd(&p->rootfs_fd);
    if (umount2(p->rootfs_now, UMOUNT_NOFOLLOW) < 0)
        return error_set(err, errno, "cannot unmount the rootfs in %s", p->path);
    /* Each start makes this directory, as the container's root, who may not use that of another user. */
    return p->overlay ? storage_remove_tree(p->fd, "overlay/olwork", err) : 0;
}

static int rootfs_create(struct create_place *p, const struct create_options *o, struct error *err)
{
    int r = 0;

    if (o->storage && strcmp(o->storage, "btrfs") == 0)
        r = btrfs_subvolume_create(p->fd, "rootfs");
    else if (o->storage && strcmp(o->storage, "best") == 0 && !o->dir &&
             btrfs_subvolume_create(p->fd, "rootfs") == 0)
        r = 0;
    else if (mkdir(p->rootfs_now, 0755) < 0)
        r = -errno;
    if (r == 0 && rootfs_is_image(o)) {
        r = image_mount_new(p, o, err);
        if (r < 0)
            return r;
    }
    if (r == 0) {
        p->rootfs_fd = open(p->rootfs_now, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (p->rootfs_fd < 0 || fchmod(p->rootfs_fd, 0755) < 0 ||
            (p->config->idmap_count && fchown(p->rootfs_fd, p->root_uid, p->root_gid) < 0))
            r = -errno;
    }
    if (r == 0)
        return 0;
    error_set(err, r, "cannot create the rootfs %s", o->dir ? o->dir : p->rootfs);
    if (p->config->idmap_count && r == -EINVAL && geteuid() != 0) /* user namespaces: an id is not mapped */
        return error_remedy(err, "lxc.idmap takes what /etc/subuid and /etc/subgid give you");
    return r == -ENOTTY || r == -ENOTSUP
               ? error_remedy(err, "-B btrfs requires %s on btrfs", p->container->lxcpath)
               : storage_remedy(err);
}

/* Append the keys that differ between containers. */
static int config_add_own_keys(struct create_place *p, const struct create_options *o, struct error *err)
{
    cleanup_free char *image = rootfs_is_image(o) ? container_path(p->container, "rootdev") : NULL;
    cleanup_free char *path =
        !o->rootfs ? NULL : format_string(image ? "loop:%s" : "dir:%s", image ? image : p->rootfs);
    int r = o->rootfs && !path ? -ENOMEM : 0;

    if (r == 0 && path && !p->overlay)
        r = config_text_append(&p->own, "lxc.rootfs.path", path);
    if (r == 0)
        r = config_text_set(&p->own, "lxc.uts.name", p->container->name);
    if (r == 0)
        r = config_text_expand_hwaddr(&p->network);
    return r < 0 ? error_set(err, r, "cannot create container %s", p->container->name) : 0;
}

/* Determine the ids of the container's root on disk, and let that root enter the directory. */
static int ids_set(struct create_place *p, struct error *err)
{
    char barrier[PATH_MAX];
    int r;

    if (p->config->idmap_count == 0)
        return 0;
    if (idmap_to_host(p->config, false, 0, &p->root_uid) < 0 ||
        idmap_to_host(p->config, true, 0, &p->root_gid) < 0) {
        error_text(err, EINVAL, "lxc.idmap does not map root");
        return error_remedy(err,
                            "map users and groups from 0 on, for example \"lxc.idmap = u 0 100000 65536\"");
    }
    r = idmap_enter(p->config, err);
    if (r < 0)
        return r;
    /* With an image, root can start a container whose root lacks search permission there. */
    if (geteuid() != 0 && idmap_barrier(p->config, p->path, barrier, sizeof(barrier)) > 0) {
        error_text(err, EACCES,
                   "the container's root (user %u) has no search permission for %s, so the container could "
                   "not start",
                   p->root_uid, barrier);
        return error_remedy(err, "chmod o+x %s, or setfacl -m u:%u:x %s", barrier, p->root_uid, barrier);
    }
    if (partial_admit_root(p->fd, p->root_gid) < 0) {
        r = error_set(err, errno, "cannot give %s to the group of the container's root", p->path);
        return geteuid() == 0
                   ? r
                   : error_remedy(err, "lxc.idmap takes what /etc/subuid and /etc/subgid give you");
    }
    return 0;
}

static int config_replace(const struct create_place *p, const struct strbuf *text, struct error *err)
{
    int r = file_replace(p->fd, "config", strbuf_text(text), text->length, 0640);

    if (r == 0)
        return 0;
    error_set(err, r, "cannot write the configuration of %s", p->container->name);
    return storage_remedy(err);
}

/* Write the configuration and read it back, so that no container has an invalid one. */
static int config_write_checked(const struct create_place *p, struct strbuf *text, struct error *err)
{
    cleanup_config struct config check = {0};
    cleanup_free char *path = format_string("%s/config", p->path);
    size_t length = text->length;
    int r = path ? config_replace(p, text, err)
                 : error_set(err, ENOMEM, "cannot create container %s", p->container->name);

    config_init(&check);
    if (r == 0)
        r = config_read_file(&check, path, err);
    if (r < 0)
        return r;
    r = config_text_add_hwaddr(text, &check);
    if (r < 0)
        return error_set(err, r, "cannot choose a hardware address for %s", p->container->name);
    return text->length == length ? 0 : config_replace(p, text, err);
}

static int config_read_own(const struct create_options *o, struct config *config, struct error *err)
{
    const char *file = o->config_file ? o->config_file : global_item("lxc.default_config");

    /* Read the original file, so that errors name it. */
    return create_without_config(o) ? 0 : config_read_file(config, file, err);
}

/* Whether ids are mapped that the configuration does not map. */
static bool create_adds_ids(const struct create_options *o)
{
    return geteuid() != 0 || o->mapped;
}

int create_maps_ids(const struct create_options *options, struct error *err)
{
    cleanup_config struct config config = {0};
    int r;

    config_init(&config);
    r = config_read_own(options, &config, err);
    return r < 0 ? r : config.idmap_count > 0 || create_adds_ids(options);
}

/* The container of an ordinary user needs a user namespace: map the subordinate ids of the user, or of root.
 */
static int ids_add_subordinate(struct create_place *p, const struct create_options *o, struct error *err)
{
    int r = 0;

    for (int is_gid = 0; r == 0 && is_gid < 2; is_gid++) {
        uint32_t start, count;
        char value[64];

        r = idmap_own_range(is_gid, &start, &count, err);
        if (r == -ENOENT && !o->rootfs) {
            /* Only a configuration, which the user may complete. */
            error_clear(err);
            return config_text_remove(&p->own, "lxc.idmap");
        }
        if (r < 0)
            return r;
        snprintf(value, sizeof(value), "%c 0 %u %u", is_gid ? 'g' : 'u', start, count);
        r = config_set(p->config, "lxc.idmap", value, "lxc.idmap", err);
        if (r == 0 && config_text_append(&p->own, "lxc.idmap", value) < 0)
            r = error_set(err, ENOMEM, "cannot create container %s", p->container->name);
    }
    return r;
}

static int config_read_base(struct create_place *p, const struct create_options *o, struct error *err)
{
    cleanup_free char *base = NULL;
    int r = config_read_default(o, &base, err);

    if (r == 0 && create_split(base, &p->own, &p->network) < 0)
        r = error_set(err, ENOMEM, "cannot create container %s", p->container->name);
    if (r == 0)
        r = config_read_own(o, p->config, err);
    return r == 0 && p->config->idmap_count == 0 && create_adds_ids(o) ? ids_add_subordinate(p, o, err) : r;
}

static int create_work(void *context, const struct partial *partial, struct error *err)
{
    const struct making *m = context;
    struct config config = {0};
    __attribute__((cleanup(place_end))) struct create_place p = {.container = partial->container,
                                                                 .fd = partial->fd,
                                                                 .path = partial->path,
                                                                 .rootfs_fd = -1,
                                                                 .config = &config};
    cleanup_strbuf struct strbuf text = STRBUF_INIT;
    int r;

    p.overlay = rootfs_is_overlay(m->options);
    config_init(&config);
    r = config_read_base(&p, m->options, err);
    if (r == 0)
        r = ids_set(&p, err);
    if (r == 0 && m->options->rootfs)
        r = rootfs_set_path(&p, m->options, err);
    if (r == 0)
        r = config_add_own_keys(&p, m->options, err);
    if (r == 0 && m->options->rootfs)
        r = rootfs_create(&p, m->options, err);
    if (r == 0 && m->fill)
        r = m->fill(m->context, &p, err);
    if (r == 0 && (rootfs_is_image(m->options) || p.overlay))
        r = rootfs_unmount(&p, err);
    if (r < 0)
        return r;
    if (p.written.length)
        return config_write_checked(&p, &p.written, err);
    if (create_compose(&p, m->options, &text) < 0)
        return error_set(err, ENOMEM, "cannot create container %s", p.container->name);
    return config_write_checked(&p, &text, err);
}

static int create_check_storage(const struct create_options *o, struct error *err)
{
    static const char *const known[] = {"btrfs", "loop", "overlay", "dir", "best", "none"};

    if ((o->fstype || o->size_bytes) && !rootfs_is_image(o))
        return error_text(err, EINVAL, "--fstype and --fssize require -B loop");

    if (rootfs_is_overlay(o) && !o->shares) {
        error_text(err, ENOTSUP, "-B overlay shares the layers of an image: only the template oci does so");
        return error_remedy(err, "create it with -B dir; lxc-copy -s makes overlays on it");
    }
    if (rootfs_is_overlay(o) && geteuid() != 0) {
        error_text(err, EPERM, "-B overlay requires root: the shared layers belong to root");
        return error_remedy(err, "use -B dir");
    }
    for (size_t i = 0; o->storage && i < ARRAY_LENGTH(known); i++)
        if (strcmp(o->storage, known[i]) == 0)
            return o->dir && i < 3 ? error_text(err, EINVAL, "--dir requires -B dir") : 0;
    if (!o->storage)
        return 0;
    error_text(err, ENOTSUP, "-B %s is not possible: lxcbox does not create storage of that kind",
               o->storage);
    return error_remedy(
        err,
        "use -B dir, btrfs or loop; create and mount any other, and name a new directory on it with --dir");
}

int container_create(const struct container *c, const struct create_options *options, create_fill *fill,
                     void *context, struct error *err)
{
    struct making m = {options, fill, context};
    int r = create_check_storage(options, err);

    const char *const texts[] = {c->lxcpath, options->dir, options->template_name};
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(texts); i++)
        r = texts[i] ? container_check_text(texts[i], err) : 0;
    if (r < 0)
        return r;
    if (options->dir && access(options->dir, F_OK) == 0) {
        error_text(err, EEXIST, "%s exists already", options->dir);
        return error_remedy(err, "name a directory that does not exist yet");
    }
    r = partial_make(c, create_work, &m, err);
    if (r < 0 && options->dir) {
        struct error ignored = ERROR_INIT;
        storage_remove_tree(AT_FDCWD, options->dir, &ignored);
    }
    return r;
}
