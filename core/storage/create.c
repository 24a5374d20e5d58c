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

/* One making, on its way through the worker. */
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

/* The text that the container's own part starts from. */
static int read_base(const struct create_options *o, char **text, struct error *err)
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

/* Where the rootfs will be, by -B and --dir, and what lxc.rootfs.path says of it. */
static int settle_rootfs(struct create_place *p, const struct create_options *o, struct error *err)
{
    cleanup_strbuf struct strbuf there = STRBUF_INIT;
    const char *path;

    if (config_text_get(strbuf_text(&p->own), "lxc.rootfs.path", &there) == -ENOMEM ||
        config_text_remove(&p->own, "lxc.rootfs.path") < 0)
        return error_set(err, ENOMEM, "cannot make container %s", p->container->name);
    path = config_rootfs_location(strbuf_text(&there));
    if (access(path, F_OK) == 0) {
        error_text(err, EEXIST, "the configuration names a rootfs that exists, %s", path);
        return error_remedy(err, "use it with -t none, or take lxc.rootfs.path out");
    }
    p->rootfs = o->dir ? strdup(o->dir) : container_path(p->container, "rootfs");
    p->rootfs_now = o->dir ? strdup(o->dir) : format_string("%s/rootfs", p->path);
    if (!p->rootfs || !p->rootfs_now)
        return error_set(err, ENOMEM, "cannot make container %s", p->container->name);
    return 0;
}

static bool in_image(const struct create_options *o)
{
    return o->rootfs && o->storage && strcmp(o->storage, "loop") == 0;
}

/* An image file, mounted where the rootfs is filled: for this process alone, and what it runs. */
static int mount_new_image(const struct create_place *p, const struct create_options *o, struct error *err)
{
    cleanup_free char *path = format_string("%s/rootdev", p->path);
    int r = path ? 0 : error_set(err, ENOMEM, "cannot make container %s", p->container->name);

    if (r == 0)
        r = image_create(path, o->size_bytes ? o->size_bytes : UINT64_C(1) << 30,
                         o->fstype ? o->fstype : "ext4", err);
    if (r == 0 && unshare(CLONE_NEWNS) < 0)
        r = error_set(err, errno, "cannot make a mount namespace");
    if (r == 0)
        r = rootfs_isolate(err);
    return r < 0 ? r : image_mount(path, p->rootfs_now, 0, NULL, err);
}

/* All of it is in the file then, and the file nobody's. */
static int unmount_image(struct create_place *p, struct error *err)
{
    close_fd(&p->rootfs_fd);
    if (umount2(p->rootfs_now, UMOUNT_NOFOLLOW) < 0)
        return error_set(err, errno, "cannot unmount the rootfs in %s", p->path);
    return 0;
}

static int make_rootfs(struct create_place *p, const struct create_options *o, struct error *err)
{
    int r = 0;

    if (o->storage && strcmp(o->storage, "btrfs") == 0)
        r = btrfs_subvolume_create(p->fd, "rootfs");
    else if (o->storage && strcmp(o->storage, "best") == 0 && !o->dir &&
             btrfs_subvolume_create(p->fd, "rootfs") == 0)
        r = 0;
    else if (mkdir(p->rootfs_now, 0755) < 0)
        r = -errno;
    if (r == 0 && in_image(o)) {
        r = mount_new_image(p, o, err);
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
    error_set(err, r, "cannot make the rootfs %s", o->dir ? o->dir : p->rootfs);
    return r == -ENOTTY || r == -ENOTSUP
               ? error_remedy(err, "-B btrfs needs %s on btrfs", p->container->lxcpath)
               : storage_remedy(err);
}

/* Keys that every container has of its own. */
static int add_own_keys(struct create_place *p, const struct create_options *o, struct error *err)
{
    cleanup_free char *image = in_image(o) ? container_path(p->container, "rootdev") : NULL;
    cleanup_free char *path =
        !o->rootfs ? NULL : format_string(image ? "loop:%s" : "dir:%s", image ? image : p->rootfs);
    int r = o->rootfs && !path ? -ENOMEM : 0;

    if (r == 0 && path)
        r = config_text_append(&p->own, "lxc.rootfs.path", path);
    if (r == 0)
        r = config_text_set(&p->own, "lxc.uts.name", p->container->name);
    if (r == 0)
        r = config_text_expand_hwaddr(&p->network);
    return r < 0 ? error_set(err, r, "cannot make container %s", p->container->name) : 0;
}

/* The ids of the container's root on disk, and a folder that root may enter. */
static int settle_ids(struct create_place *p, struct error *err)
{
    char barrier[PATH_MAX];
    int r;

    if (p->config->idmap_count == 0)
        return 0;
    if (idmap_to_host(p->config, false, 0, &p->root_uid) < 0 ||
        idmap_to_host(p->config, true, 0, &p->root_gid) < 0) {
        error_text(err, EINVAL, "lxc.idmap maps no root");
        return error_remedy(err, "map users and groups from 0 on, as in \"lxc.idmap = u 0 100000 65536\"");
    }
    r = idmap_enter(p->config, err);
    if (r < 0)
        return r;
    /* The group of a user who is not root stays, to read the configuration by. */
    /* Root may start one where its container's root may not look for files: from an image. */
    if (geteuid() != 0 && idmap_barrier(p->config, p->path, barrier, sizeof(barrier)) > 0) {
        error_text(err, EACCES, "the container's root (user %u) may not pass %s, and could not start",
                   p->root_uid, barrier);
        return error_remedy(err, "chmod o+x %s, or setfacl -m u:%u:x %s", barrier, p->root_uid, barrier);
    }
    if (fchown(p->fd, p->root_uid, geteuid() == 0 ? p->root_gid : (gid_t)-1) < 0) {
        r = error_set(err, errno, "cannot give %s to the container's root", p->path);
        return geteuid() == 0
                   ? r
                   : error_remedy(err, "lxc.idmap takes what /etc/subuid and /etc/subgid give you");
    }
    return 0;
}

static int replace_config(const struct create_place *p, const struct strbuf *text, struct error *err)
{
    int r = file_replace(p->fd, "config", strbuf_text(text), text->length, 0640);

    if (r == 0)
        return 0;
    error_set(err, r, "cannot write the configuration of %s", p->container->name);
    return storage_remedy(err);
}

/* Write the configuration and read it back, so that what cannot be read never becomes a container. */
static int write_config(const struct create_place *p, struct strbuf *text, struct error *err)
{
    cleanup_config struct config check = {0};
    cleanup_free char *path = format_string("%s/config", p->path);
    size_t length = text->length;
    int r = path ? replace_config(p, text, err)
                 : error_set(err, ENOMEM, "cannot make container %s", p->container->name);

    config_init(&check);
    if (r == 0)
        r = config_read_file(&check, path, err);
    if (r < 0)
        return r;
    r = config_text_add_hwaddr(text, &check);
    if (r < 0)
        return error_set(err, r, "cannot choose a hardware address for %s", p->container->name);
    return text->length == length ? 0 : replace_config(p, text, err);
}

static int read_own_config(const struct create_options *o, struct config *config, struct error *err)
{
    const char *file = o->config_file ? o->config_file : global_item("lxc.default_config");

    /* From where it is, so that errors name that. */
    return create_without_config(o) ? 0 : config_read_file(config, file, err);
}

int create_maps_ids(const struct create_options *options, struct error *err)
{
    cleanup_config struct config config = {0};
    int r;

    config_init(&config);
    r = read_own_config(options, &config, err);
    return r < 0 ? r : config.idmap_count > 0 || geteuid() != 0;
}

/* An ordinary user has no container without a user namespace: its ids are those that the user has. */
static int take_own_ids(struct create_place *p, const struct create_options *o, struct error *err)
{
    int r = 0;

    for (int is_gid = 0; r == 0 && is_gid < 2; is_gid++) {
        uint32_t start, count;
        char value[64];

        r = idmap_own_range(is_gid, &start, &count, err);
        if (r == -ENOENT && !o->rootfs) {
            /* Only a configuration, which its user may go on with. */
            error_clear(err);
            return config_text_remove(&p->own, "lxc.idmap");
        }
        if (r < 0)
            return r;
        snprintf(value, sizeof(value), "%c 0 %u %u", is_gid ? 'g' : 'u', start, count);
        r = config_set(p->config, "lxc.idmap", value, "lxc.idmap", err);
        if (r == 0 && config_text_append(&p->own, "lxc.idmap", value) < 0)
            r = error_set(err, ENOMEM, "cannot make container %s", p->container->name);
    }
    return r;
}

static int read_own(struct create_place *p, const struct create_options *o, struct error *err)
{
    cleanup_free char *base = NULL;
    int r = read_base(o, &base, err);

    if (r == 0 && create_split(base, &p->own, &p->network) < 0)
        r = error_set(err, ENOMEM, "cannot make container %s", p->container->name);
    if (r == 0)
        r = read_own_config(o, p->config, err);
    return r == 0 && p->config->idmap_count == 0 && geteuid() != 0 ? take_own_ids(p, o, err) : r;
}

static int make(void *context, const struct partial *partial, struct error *err)
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

    config_init(&config);
    r = read_own(&p, m->options, err);
    if (r == 0)
        r = settle_ids(&p, err);
    if (r == 0 && m->options->rootfs)
        r = settle_rootfs(&p, m->options, err);
    if (r == 0)
        r = add_own_keys(&p, m->options, err);
    if (r == 0 && m->options->rootfs)
        r = make_rootfs(&p, m->options, err);
    if (r == 0 && m->fill)
        r = m->fill(m->context, &p, err);
    if (r == 0 && in_image(m->options))
        r = unmount_image(&p, err);
    if (r < 0)
        return r;
    if (p.written.length)
        return write_config(&p, &p.written, err);
    if (create_compose(&p, m->options, &text) < 0)
        return error_set(err, ENOMEM, "cannot make container %s", p.container->name);
    return write_config(&p, &text, err);
}

static int check_storage(const struct create_options *o, struct error *err)
{
    static const char *const known[] = {"btrfs", "loop", "dir", "best", "none"};

    if ((o->fstype || o->size_bytes) && !in_image(o))
        return error_text(err, EINVAL, "--fstype and --fssize go with -B loop only");

    for (size_t i = 0; o->storage && i < ARRAY_LENGTH(known); i++)
        if (strcmp(o->storage, known[i]) == 0)
            return o->dir && i < 2 ? error_text(err, EINVAL, "--dir goes with -B dir only") : 0;
    if (!o->storage)
        return 0;
    error_text(err, ENOTSUP, "-B %s is not possible: storage of that kind is made by programs of its own",
               o->storage);
    return error_remedy(err,
                        "use -B dir, btrfs or loop; for any other make and mount it, and name it with --dir");
}

int container_create(const struct container *c, const struct create_options *options, create_fill *fill,
                     void *context, struct error *err)
{
    struct making m = {options, fill, context};
    int r = check_storage(options, err);

    const char *const texts[] = {c->lxcpath, options->dir, options->template_name};
    for (size_t i = 0; r == 0 && i < ARRAY_LENGTH(texts); i++)
        r = texts[i] ? container_check_text(texts[i], err) : 0;
    if (r < 0)
        return r;
    if (options->dir && access(options->dir, F_OK) == 0) {
        error_text(err, EEXIST, "%s exists already", options->dir);
        return error_remedy(err, "name a folder for the rootfs that is yet to be made");
    }
    r = partial_make(c, make, &m, err);
    if (r < 0 && options->dir) {
        struct error ignored = ERROR_INIT;
        storage_remove_tree(AT_FDCWD, options->dir, &ignored);
    }
    return r;
}
