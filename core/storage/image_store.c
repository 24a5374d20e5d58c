#include "core/storage/image_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/config/edit.h"
#include "core/encoding/sha256.h"
#include "core/mount/rootfs.h"
#include "core/storage/create.h"
#include "core/storage/dependents.h"
#include "core/storage/partial.h"
#include "core/storage/storage.h"

#define DIRECTORY      ".images"
#define LOCK           "lock"
#define KEY_LOCK       ".lock" /* .KEY.lock: held by the process that makes KEY */
#define PARTIAL_SUFFIX ".partial"
#define DEPTH_MAX      128 /* of directories that are measured */

struct making {
    const struct create_place *place;
    image_store_fill *fill;
    void *context;
};

void stored_images_free(struct stored_images *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].key);
        string_list_clear(&list->items[i].containers);
    }
    free(list->items);
    *list = (struct stored_images){0};
}

static int store_no_memory(struct error *err)
{
    return error_set(err, ENOMEM, "cannot use the shared images");
}

static char *store_directory(const char *lxcpath)
{
    return format_string("%s/" DIRECTORY, lxcpath);
}

/* Lock a file of the directory. Returns an fd or a negative errno. */
static int store_lock(const char *directory, const char *name, int operation, struct error *err)
{
    cleanup_free char *path = format_string("%s/%s", directory, name);
    cleanup_fd int fd = path ? open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    int r;

    if (!path)
        return store_no_memory(err);
    r = fd < 0 ? -errno : file_lock(fd, operation);
    if (r < 0) {
        error_set(err, r, "cannot lock %s", path);
        return storage_remedy(err);
    }
    return take_fd(&fd);
}

/* The digits alone, or with a sum of the id maps: the owners of the files differ. NULL: out of memory. */
static char *store_key(const struct config *c, const char *digits)
{
    unsigned char sum[SHA256_SIZE];
    struct sha256 sha;

    if (!c->idmap_count)
        return strdup(digits);
    sha256_init(&sha);
    for (size_t i = 0; i < c->idmap_count; i++) {
        uint32_t map[] = {c->idmaps[i].is_gid, c->idmaps[i].container_id, c->idmaps[i].host_id,
                          c->idmaps[i].count};

        sha256_update(&sha, map, sizeof(map));
    }
    sha256_out(&sha, sum);
    return format_string("%s-%02x%02x%02x%02x%02x%02x%02x%02x", digits, sum[0], sum[1], sum[2], sum[3],
                         sum[4], sum[5], sum[6], sum[7]);
}

static int image_work(void *context, const struct partial *p, struct error *err)
{
    const struct making *m = context;
    const struct create_place *place = m->place;
    cleanup_fd int fd = -1;

    if (mkdirat(p->fd, "rootfs", 0755) < 0 ||
        (fd = openat(p->fd, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 ||
        fchown(fd, place->root_uid, place->root_gid) < 0 ||
        (place->config->idmap_count && partial_admit_root(p->fd, place->root_gid) < 0)) {
        error_set(err, errno, "cannot make a directory for the image in %s", p->path);
        return storage_remedy(err);
    }
    return m->fill(m->context, fd, err);
}

/* Make the tree unless it exists. */
static int image_make(const struct container *image, const struct making *m, struct error *err)
{
    cleanup_free char *lock_name = format_string(".%s" KEY_LOCK, image->name);
    cleanup_free char *rootfs = container_path(image, "rootfs");
    cleanup_fd int lock = -1;

    if (!lock_name || !rootfs)
        return store_no_memory(err);
    if (access(rootfs, F_OK) == 0)
        return 0;
    lock = store_lock(image->lxcpath, lock_name, LOCK_EX, err);
    if (lock < 0)
        return lock;
    return access(rootfs, F_OK) == 0 ? 0 : partial_make(image, image_work, (void *)m, err);
}

static int overlay_make(const struct create_place *place, const char *lower, struct error *err)
{
    struct stat st;

    if (stat(lower, &st) < 0 || mkdirat(place->fd, "overlay", 0755) < 0 ||
        mkdirat(place->fd, "overlay/delta", 0755) < 0 || mkdirat(place->fd, "overlay/olwork", 0755) < 0 ||
        fchownat(place->fd, "overlay", st.st_uid, st.st_gid, 0) < 0 ||
        fchownat(place->fd, "overlay/delta", st.st_uid, st.st_gid, 0) < 0 ||
        fchmodat(place->fd, "overlay/delta", st.st_mode & 07777, 0) < 0) {
        error_set(err, errno, "cannot create the directories of an overlay in %s", place->path);
        return storage_remedy(err);
    }
    return 0;
}

/* In a mount namespace of this process, which container_create() ends. */
static int overlay_mount(struct create_place *place, const char *lower, struct error *err)
{
    cleanup_free char *data =
        format_string("lowerdir=%s,upperdir=%s/overlay/delta,workdir=%s/overlay/olwork%s", lower, place->path,
                      place->path, place->config->idmap_count ? ",userxattr" : "");
    int r;

    if (!data)
        return store_no_memory(err);
    if (unshare(CLONE_NEWNS) < 0)
        return error_set(err, errno, "cannot create a mount namespace");
    r = rootfs_isolate(err);
    if (r < 0)
        return r;
    if (mount("overlay", place->rootfs_now, "overlay", 0, data) < 0) {
        error_set(err, errno, "cannot mount an overlay on the image (%s)", data);
        return error_remedy(err, "use -B dir if this kernel or this file system does not support overlay");
    }
    close_fd(&place->rootfs_fd);
    place->rootfs_fd = open(place->rootfs_now, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return place->rootfs_fd < 0 ? error_set(err, errno, "cannot open the overlay on the image") : 0;
}

/* Record on both sides that the container depends on the image. */
static int image_record(const struct container *image, const struct create_place *place, struct error *err)
{
    cleanup_string_list struct string_list pair = {0};
    int r = dependents_add(image, place->container, err);

    if (r < 0)
        return r;
    if (string_list_add(&pair, image->lxcpath) < 0 || string_list_add(&pair, image->name) < 0)
        return store_no_memory(err);
    return rdepends_write(place->fd, &pair, err);
}

static int image_attach(struct create_place *place, const struct container *image, const struct making *m,
                        struct error *err)
{
    cleanup_free char *lower = container_path(image, "rootfs");
    cleanup_free char *upper = container_path(place->container, "overlay/delta");
    cleanup_free char *value = lower && upper ? format_string("overlay:%s:%s", lower, upper) : NULL;
    int r;

    if (!value)
        return store_no_memory(err);
    r = image_make(image, m, err);
    if (r == 0)
        r = image_record(image, place, err);
    if (r == 0)
        r = overlay_make(place, lower, err);
    if (r == 0)
        r = overlay_mount(place, lower, err);
    if (r == 0 && config_text_append(&place->own, "lxc.rootfs.path", value) < 0)
        r = store_no_memory(err);
    return r;
}

int image_store_attach(struct create_place *place, const char *digits, image_store_fill *fill, void *context,
                       struct error *err)
{
    const struct making m = {place, fill, context};
    const char *lxcpath = place->container->lxcpath;
    cleanup_free char *directory = store_directory(lxcpath), *key = store_key(place->config, digits);
    const struct container image = {.name = key, .lxcpath = directory};
    cleanup_fd int lock = -1;
    int r;

    if (!directory || !key)
        return store_no_memory(err);
    if (lxcpath[0] != '/' || strpbrk(lxcpath, ":,\\")) {
        error_text(err, EINVAL,
                   "-B overlay requires an absolute path without colons, commas and "
                   "backslashes as the directory of the containers, not %s",
                   lxcpath);
        return error_remedy(err, "use -B dir, or name another directory with -P");
    }
    r = make_directories(directory, 0755);
    if (r < 0) {
        error_set(err, r, "cannot create %s", directory);
        return storage_remedy(err);
    }
    lock = store_lock(directory, LOCK, LOCK_SH, err);
    return lock < 0 ? lock : image_attach(place, &image, &m, err);
}

/* The bytes on disk of a tree. What cannot be read is not counted. */
static uint64_t tree_size(int parent, const char *name, int depth)
{
    cleanup_fd int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *e;
    uint64_t size = 0;

    if (!d)
        return 0;
    fd = -1;
    while ((e = readdir(d))) {
        struct stat st;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        /* A file with several links is counted by parts. */
        size += (uint64_t)st.st_blocks * 512 / (S_ISDIR(st.st_mode) ? 1 : st.st_nlink);
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            size += tree_size(dirfd(d), e->d_name, depth + 1);
    }
    return size;
}

static int stored_read(const struct container *image, int directory, struct stored_images *list,
                       struct error *err)
{
    cleanup_string_list struct string_list pairs = {0};
    struct stored_image *items = realloc(list->items, (list->count + 1) * sizeof(*items)), *it;
    struct stat st;
    int r = items ? 0 : store_no_memory(err);

    if (r < 0)
        return r;
    list->items = items;
    it = &items[list->count++];
    *it = (struct stored_image){.key = strdup(image->name)};
    r = it->key ? dependents_read(image, &pairs, err) : store_no_memory(err);
    for (size_t i = 0; r == 0 && i + 1 < pairs.count; i += 2)
        if (string_list_add(&it->containers, pairs.items[i + 1]) < 0)
            r = store_no_memory(err);
    if (r == 0 && fstatat(directory, image->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        it->made = st.st_ctime;
    it->size_bytes = r == 0 ? tree_size(directory, image->name, 0) : 0;
    return r;
}

int image_store_list(const char *lxcpath, struct stored_images *out, struct error *err)
{
    cleanup_free char *directory = store_directory(lxcpath);
    cleanup_dir DIR *d = directory ? opendir(directory) : NULL;
    struct dirent *e;
    int r = 0;

    *out = (struct stored_images){0};
    if (!d)
        return !directory        ? store_no_memory(err)
               : errno == ENOENT ? 0
                                 : error_set(err, errno, "cannot read %s", directory);
    while (r == 0 && (e = readdir(d)))
        if (e->d_name[0] != '.' && strcmp(e->d_name, LOCK) != 0)
            r = stored_read(&(struct container){.name = e->d_name, .lxcpath = directory}, dirfd(d), out, err);
    if (r < 0)
        stored_images_free(out);
    return r;
}

/* Remove what interrupted creations have left, and the locks of trees that do not exist. */
static int leftovers_remove(const char *directory, struct error *err)
{
    cleanup_dir DIR *d = opendir(directory);
    struct dirent *e;
    int r = 0;

    while (d && r >= 0 && (e = readdir(d))) {
        const char *name = e->d_name;

        if (name[0] == '.' && ends_with(name, PARTIAL_SUFFIX) && strlen(name) > strlen("." PARTIAL_SUFFIX)) {
            cleanup_free char *key = strndup(name + 1, strlen(name) - strlen("." PARTIAL_SUFFIX));
            const struct container image = {.name = key, .lxcpath = directory};

            r = key ? partial_clean(&image, err) : store_no_memory(err);
        } else if (name[0] == '.' && ends_with(name, KEY_LOCK)) {
            unlinkat(dirfd(d), name, 0); /* nobody holds it: who would, holds the lock of the directory */
        }
    }
    return r < 0 ? r : 0;
}

int image_store_prune(const char *lxcpath, int64_t before,
                      void (*removed)(void *context, const struct stored_image *image), void *context,
                      struct error *err)
{
    cleanup_stored_images struct stored_images list = {0};
    cleanup_free char *directory = store_directory(lxcpath);
    cleanup_fd int lock = -1;
    int r;

    if (!directory)
        return store_no_memory(err);
    if (access(directory, F_OK) < 0)
        return errno == ENOENT ? 0 : error_set(err, errno, "cannot read %s", directory);
    lock = store_lock(directory, LOCK, LOCK_EX, err);
    r = lock < 0 ? lock : leftovers_remove(directory, err);
    if (r == 0)
        r = image_store_list(lxcpath, &list, err);
    for (size_t i = 0; r == 0 && i < list.count; i++) {
        if (list.items[i].containers.count || list.items[i].made > before)
            continue;
        r = partial_discard(&(struct container){.name = list.items[i].key, .lxcpath = directory}, err);
        if (r == 0)
            removed(context, &list.items[i]);
    }
    return r;
}
