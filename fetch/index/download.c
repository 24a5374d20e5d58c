#include "fetch/index/download.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/encoding/sha256.h"
#include "core/base/str.h"
#include "fetch/http/socket.h"

#define META_MAX   ((size_t)4 << 20)
#define PIECE_SIZE ((size_t)128 << 10)

/* The download of the rootfs: each piece is passed to the cache file, the checksum and the unpacker. */
struct pass {
    const struct cache *cache;
    struct partial partial;
    struct unpack *unpack;
    struct sha256 sum;
};

static void download_pass_end(struct pass *p)
{
    unpack_cancel(p->unpack);
    partial_close(&p->partial);
}

static int download_pass_on(struct pass *p, const void *bytes, size_t length, struct error *err)
{
    sha256_update(&p->sum, bytes, length);
    return unpack_feed(p->unpack, bytes, length, err);
}

static int download_take_piece(void *context, const void *bytes, size_t length, struct error *err)
{
    struct pass *p = context;
    int r = write_all(p->partial.rootfs, bytes, length);

    return r ? cache_error(err, r, "write into", p->cache->path) : download_pass_on(p, bytes, length, err);
}

/* Pass on the part of the same file that an earlier call has stored. */
static int download_pass_stored(struct pass *p, uint64_t length, struct error *err)
{
    cleanup_free char *buffer = malloc(PIECE_SIZE);
    int r = buffer ? 0 : error_set(err, ENOMEM, "cannot read the image cache %s", p->cache->path);

    while (!r && length > 0) {
        ssize_t n = read_all(p->partial.rootfs, buffer, length < PIECE_SIZE ? (size_t)length : PIECE_SIZE);

        if (n <= 0)
            return cache_error(err, n < 0 ? (int)n : EIO, "read", p->cache->path);
        r = download_pass_on(p, buffer, (size_t)n, err);
        length -= (uint64_t)n;
    }
    return r;
}

static const char *download_sum_text(const struct sha256 *sum, char out[static SHA256_HEX + 1])
{
    unsigned char bytes[SHA256_SIZE];

    sha256_out(sum, bytes);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    out[SHA256_HEX] = '\0';
    return out;
}

/* Compare a file with the checksum that the server publishes for it. */
static int download_check_sum(const char *file, const char *host, const struct sha256 *sum,
                              const char *published, enum image_check *check, struct error *err)
{
    char is[SHA256_HEX + 1];

    *check = *published ? IMAGE_CHECK_SHA256 : IMAGE_CHECK_NONE;
    if (!*published || strcmp(download_sum_text(sum, is), published) == 0)
        return 0;
    error_text(err, EBADMSG, "the %s from %s does not match its checksum: its SHA-256 is %s and should be %s",
               file, host, is, published);
    return error_remedy(
        err, "run the command again; if the error persists, the server or a proxy is broken: use another");
}

/* Add the origin of the archive to an error of the unpacker. */
static int download_name_archive(const struct catalog *c, int r, struct error *err)
{
    if (r == -EBADMSG) {
        error_context(err, "the rootfs.tar.xz from %s is damaged", c->server.host);
        error_remedy(err,
                     "run the command again; if the error persists, use another build, variant or server");
    }
    return r;
}

static int download_locate(struct catalog *c, const char *directory, const char *file, struct url *out,
                           struct error *err)
{
    cleanup_free char *path = format_string("%s/%s", directory, file);

    return path ? url_below(&c->server, path, out, err) : error_set(err, ENOMEM, "cannot download %s", file);
}

static int download_fetch_meta(struct catalog *c, const char *directory, const char *published,
                               struct meta_files *files, enum image_check *check, struct error *err)
{
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    cleanup_url struct url u = {0};
    struct sha256 sum;
    int r = download_locate(c, directory, "meta.tar.xz", &u, err);

    if (r)
        return r;
    catalog_status(c->events, "Downloading the metadata");
    r = http_get(c->http, &u, META_MAX, &bytes, err);
    if (r)
        return r;
    sha256_init(&sum);
    sha256_update(&sum, strbuf_text(&bytes), bytes.length);
    r = download_check_sum("meta.tar.xz", c->server.host, &sum, published, check, err);
    if (r)
        return r;
    r = meta_read_tar(strbuf_text(&bytes), bytes.length, "the image's meta.tar.xz", files, err);
    if (r == -EBADMSG)
        error_remedy(err,
                     "run the command again; if the error persists, use another build, variant or server");
    return r;
}

/*
 * Request the file, resuming after an interrupted earlier call. The stored part is passed on, or discarded.
 */
static int download_begin(struct catalog *c, struct pass *p, const struct url *u, struct http_file *f,
                          struct error *err)
{
    cleanup_free char *text = url_text(u);
    struct http_resume resume;
    int r = text ? cache_begin(p->cache, text, &p->partial, err) : error_set(err, ENOMEM, "cannot download");

    if (r)
        return r;
    resume = (struct http_resume){p->partial.have, p->partial.validator};
    r = http_open(c->http, u, &resume, f, err);
    if (!r)
        r = cache_note(p->cache, &p->partial, text, f->validator, err);
    if (r)
        return r;
    if (f->offset == 0 && p->partial.have > 0 && ftruncate(p->partial.rootfs, 0) < 0)
        return cache_error(err, errno, "write into", p->cache->path);
    if (f->offset > 0)
        catalog_status(c->events, "Resuming an interrupted download");
    return download_pass_stored(p, f->offset, err);
}

static int download_fetch_rootfs(struct catalog *c, struct pass *p, const char *directory,
                                 const char *published, enum image_check *check, struct error *err)
{
    __attribute__((cleanup(http_close))) struct http_file f = {0};
    cleanup_url struct url u = {0};
    int r = download_locate(c, directory, "rootfs.tar.xz", &u, err);

    if (r)
        return r;
    catalog_status(c->events, "Downloading and unpacking the rootfs");
    sha256_init(&p->sum);
    r = download_begin(c, p, &u, &f, err);
    if (!r) {
        r = catalog_pump(&f, "rootfs.tar.xz", c->events, download_take_piece, p, err);
        if (r && socket_worth_retry(r))
            error_remedy(err, "run the command again later to resume the download");
    }
    if (!r)
        r = download_check_sum("rootfs.tar.xz", c->server.host, &p->sum, published, check, err);
    else
        download_name_archive(c, r, err);
    return r;
}

int download_require_config(const struct image_metadata *meta, const char *whose, struct error *err)
{
    if (meta->config)
        return 0;
    error_text(err, ENOENT, "the metadata of %s has no config", whose);
    return error_remedy(err, "meta.tar.xz must contain one: use another build, variant or server");
}

int download_image(struct catalog *c, const struct image_entry *entry, const struct image_sums *sums,
                   struct cache *cache, struct unpack_options options, int rootfs_fd,
                   struct image_metadata *out, struct error *err)
{
    __attribute__((cleanup(download_pass_end))) struct pass p = {.cache = cache,
                                                                 .partial = {.dir = -1, .rootfs = -1}};
    cleanup_meta_files struct meta_files files = {0};
    int r = download_fetch_meta(c, entry->path, sums->meta, &files, &out->meta_check, err);

    if (r)
        return r;
    out->build = strdup(entry->build);
    if (!out->build || meta_select(&files, c->mode, out) < 0)
        return error_set(err, ENOMEM, "cannot store the metadata of the image");
    r = download_require_config(out, entry->path, err);
    if (r)
        return r;
    options.excludes = out->excludes;
    r = unpack_start(rootfs_fd, &options, &p.unpack, err);
    if (!r)
        r = download_fetch_rootfs(c, &p, entry->path, sums->rootfs, &out->rootfs_check, err);
    if (!r) {
        catalog_status(c->events, "Unpacking the rootfs");
        r = download_name_archive(c, unpack_finish(take_ptr(p.unpack), &out->unpacked, err), err);
    }
    if (!r)
        r = cache_commit(cache, &p.partial, &files, entry->build, err);
    if (!r)
        catalog_status(c->events, "The image cache is now ready");
    else if (!socket_worth_retry(r))
        cache_discard(cache);
    return r;
}
