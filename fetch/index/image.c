#include "fetch/index/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "fetch/index/cache.h"
#include "fetch/index/catalog.h"
#include "fetch/index/download.h"
#include "fetch/index/metadata.h"

#define META_MAX   ((size_t)16 << 20)
#define PIECE_SIZE ((size_t)128 << 10)

int image_list(const struct image_source *source, const struct image_name *filter, struct image_list *out,
               struct error *err)
{
    cleanup_catalog struct catalog c = {0};
    int r = catalog_open(source, &c, err);

    return r ? r : catalog_list(&c, filter, out, err);
}

/* The id on the host of the root of the container. */
static uint32_t image_root_id(const struct unpack_id_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ranges[i].inside == 0)
            return ranges[i].outside;
    return 0;
}

/* Create the mount point of devpts, which some images lack. It is owned by the root of the container. */
static int image_create_dev_pts(int rootfs_fd, const struct unpack_options *options, struct error *err)
{
    static const char *const paths[] = {"dev", "dev/pts"};

    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        cleanup_fd int there = rootfs_open(rootfs_fd, paths[i], O_PATH | O_DIRECTORY, 0);
        cleanup_fd int made = there < 0 ? rootfs_make_directory(rootfs_fd, paths[i], 0755) : -1;

        if (there >= 0)
            continue;
        if (made < 0)
            return error_set(err, made, "cannot create /%s in the container", paths[i]);
        if (!options->keep_ids &&
            fchownat(made, "", image_root_id(options->uids, options->uid_count),
                     image_root_id(options->gids, options->gid_count), AT_EMPTY_PATH) < 0)
            return error_set(err, errno, "cannot set the owner of /%s in the container", paths[i]);
    }
    return 0;
}

static void image_cancel_unpack(struct unpack **u)
{
    unpack_cancel(*u);
}

/* Unpack an open tarball, reporting progress. */
static int image_unpack_file(int fd, const char *name, const struct unpack_options *options,
                             const struct image_events *events, int rootfs_fd, struct unpack_result *result,
                             struct error *err)
{
    __attribute__((cleanup(image_cancel_unpack))) struct unpack *u = NULL;
    cleanup_free char *buffer = malloc(PIECE_SIZE);
    uint64_t done = 0, total;
    struct stat st;
    int r;

    if (!buffer || fstat(fd, &st) < 0)
        return error_set(err, buffer ? errno : ENOMEM, "cannot read %s", name);
    total = (uint64_t)st.st_size;
    catalog_status(events, "Unpacking the rootfs");
    r = unpack_start(rootfs_fd, options, &u, err);
    while (!r) {
        ssize_t n = read_all(fd, buffer, PIECE_SIZE);

        if (n < 0)
            return error_set(err, (int)n, "cannot read %s", name);
        if (n == 0)
            return unpack_finish(take_ptr(u), result, err);
        r = unpack_feed(u, buffer, (size_t)n, err);
        done += (uint64_t)n;
        if (!r && events && events->progress)
            events->progress(events->context, name, done, total > done ? total : done);
    }
    return r;
}

static int image_use_cached(const struct image_request *request, const char *mode, const struct cache *c,
                            struct cached_image *image, int rootfs_fd, struct image_metadata *out,
                            struct error *err)
{
    struct unpack_options options = request->unpack;
    int r;

    catalog_status(&request->source.events, "Using image from local cache");
    if (meta_select(&image->files, mode, out) < 0)
        return error_set(err, ENOMEM, "cannot read the image cache");
    r = download_require_config(out, c->path, err);
    if (r)
        return r;
    out->build = take_ptr(image->build);
    out->rootfs_check = out->meta_check = IMAGE_CHECK_CACHED;
    options.excludes = out->excludes;
    r = image_unpack_file(image->rootfs, "rootfs.tar.xz", &options, &request->source.events, rootfs_fd,
                          &out->unpacked, err);
    if (r == -EBADMSG) {
        error_context(err, "the cached image %s is damaged", c->path);
        error_remedy(err, "fetch it again with --flush-cache");
    }
    return r;
}

/* Whether a URL is below that of the server: 1, 0, or a negative errno. */
static int image_is_from(const char *server, const char *origin, struct error *err)
{
    cleanup_url struct url u = {0};
    int r = url_parse("the server", server ? server : IMAGE_DEFAULT_SERVER, &u, err);
    cleanup_free char *text = r ? NULL : url_text(&u);
    size_t length = text ? strlen(text) : 0;

    if (r || !text)
        return r ? r : error_set(err, ENOMEM, "cannot read the image cache");
    while (length > 0 && text[length - 1] == '/')
        length--;
    return strncmp(origin, text, length) == 0 && origin[length] == '/';
}

/* Whether the cached image satisfies the request: 1 with the image open, 0, or a negative errno. */
static int image_look_up_cached(const struct image_request *request, const char *mode, const struct cache *c,
                                struct cached_image *image, struct error *err)
{
    int found = cache_read(c, image, err), ours;

    /* Do not use an image of one server in place of an image of another one. */
    if (found == 1 && image->origin) {
        ours = image_is_from(request->source.server, image->origin, err);
        if (ours < 0)
            return ours;
        if (!ours) {
            if (c->lock >= 0)
                catalog_status(&request->source.events, "The cached copy came from another server");
            cached_image_close(image);
            return 0;
        }
    }
    if (found == 1 && !request->force_cache && cached_image_expired(image, mode, time(NULL)))
        found = 0; /* kept open, so that it can be used if the server has the same build */
    return found;
}

/* Lock the cache for fetching. If its previous owner has fetched the image, returns 1, and the cached image
 * satisfies the request. */
static int image_lock_cache(const struct image_request *request, const char *mode, struct cache *c,
                            struct cached_image *cached, struct error *err)
{
    int r = cache_make(c, err);

    if (!r)
        r = cache_lock(c, &request->source.events, err);
    if (r)
        return r;
    cached_image_close(cached);
    if (!request->flush_cache)
        return image_look_up_cached(request, mode, c, cached, err);
    catalog_status(&request->source.events, "Flushing the cache");
    return cache_flush(c, err);
}

/* The image does not exist or has expired: query the server. No directory is created before the server has
 * reported the image. */
static int image_fetch_new(const struct image_request *request, const char *mode, struct cache *c,
                           struct cached_image *cached, int rootfs_fd, struct image_metadata *out,
                           struct error *err)
{
    cleanup_catalog struct catalog catalog = {0};
    cleanup_image_list struct image_list found = {0};
    struct image_sums sums;
    int r = catalog_open(&request->source, &catalog, err);

    if (r == 0)
        r = catalog_find(&catalog, &request->name, &found, &sums, err);
    if (r < 0 && cached->build && r != -ENOENT)
        return error_remedy(err, "to use the expired copy in the cache, use --force-cache");
    if (r == 0)
        r = image_lock_cache(request, mode, c, cached, err);
    if (r < 0)
        return r;
    if (r == 0 && cached->build && strcmp(cached->build, found.items[0].build) == 0) {
        catalog_status(&request->source.events, "The cache is already up to date");
        r = 1;
    }
    if (r == 0)
        return download_image(&catalog, &found.items[0], &sums, c, request->unpack, rootfs_fd, out, err);
    close_fd(&c->lock);
    return image_use_cached(request, mode, c, cached, rootfs_fd, out, err);
}

static int image_fetch_any(const struct image_request *request, const char *mode, int rootfs_fd,
                           struct image_metadata *out, struct error *err)
{
    cleanup_cache struct cache c = {.parent = -1, .lock = -1};
    cleanup_cached_image struct cached_image cached = {.rootfs = -1};
    int r = cache_open(request->cache, &request->name, &c, err), found = 0;

    if (r)
        return r;
    if (!request->flush_cache) {
        found = image_look_up_cached(request, mode, &c, &cached, err);
        if (found == 0 && cached.build)
            catalog_status(&request->source.events, "The cached copy has expired, querying the server");
    }
    if (found < 0)
        return found;
    if (found == 0)
        return image_fetch_new(request, mode, &c, &cached, rootfs_fd, out, err);
    return image_use_cached(request, mode, &c, &cached, rootfs_fd, out, err);
}

int image_fetch(const struct image_request *request, int rootfs_fd, struct image_metadata *out,
                struct error *err)
{
    cleanup_image_metadata struct image_metadata meta = {0};
    int r = image_fetch_any(request, request->source.mode ? request->source.mode : "system", rootfs_fd, &meta,
                            err);

    if (!r)
        r = image_create_dev_pts(rootfs_fd, &request->unpack, err);
    if (r)
        return r;
    *out = meta;
    meta = (struct image_metadata){0};
    return 0;
}

/* Local metadata: a directory or a tarball. */
static int image_read_local_meta(const char *path, const char *mode, struct image_metadata *out,
                                 struct error *err)
{
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    cleanup_meta_files struct meta_files files = {0};
    struct stat st;
    int r;

    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set(err, errno, "cannot read the metadata from %s", path);
    if (S_ISDIR(st.st_mode)) {
        r = meta_read_directory(fd, path, &files, err);
    } else {
        cleanup_free char *bytes = NULL;
        size_t length = 0;

        r = file_read(AT_FDCWD, path, META_MAX, &bytes, &length);
        r = r ? error_set(err, r, "cannot read the metadata from %s", path)
              : meta_read_tar(bytes, length, path, &files, err);
    }
    if (!r && meta_select(&files, mode, out) < 0)
        r = error_set(err, ENOMEM, "cannot store the metadata of %s", path);
    return r;
}

int image_unpack_local(const char *rootfs, const char *meta, const char *mode,
                       const struct unpack_options *unpack, const struct image_events *events, int rootfs_fd,
                       struct image_metadata *out, struct error *err)
{
    cleanup_image_metadata struct image_metadata m = {.rootfs_check = IMAGE_CHECK_LOCAL,
                                                      .meta_check = IMAGE_CHECK_LOCAL};
    cleanup_fd int fd = open(rootfs, O_RDONLY | O_CLOEXEC);
    struct unpack_options options = *unpack;
    int r = 0;

    if (fd < 0)
        return error_set(err, errno, "cannot read the rootfs from %s", rootfs);
    if (meta)
        r = image_read_local_meta(meta, mode ? mode : "system", &m, err);
    if (r)
        return r;
    options.excludes = m.excludes;
    r = image_unpack_file(fd, rootfs, &options, events, rootfs_fd, &m.unpacked, err);
    if (r)
        return error_context(err, "%s", rootfs);
    r = image_create_dev_pts(rootfs_fd, unpack, err);
    if (r)
        return r;
    *out = m;
    m = (struct image_metadata){0};
    return 0;
}
