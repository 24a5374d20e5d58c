#include "fetch/index/download.h"

#include <bearssl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "fetch/http/socket.h"

#define META_MAX   ((size_t)4 << 20)
#define PIECE_SIZE ((size_t)128 << 10)

/* The rootfs on its way: cache file, sum and unpacker all get each piece as it comes. */
struct pass {
    const struct cache *cache;
    struct partial partial;
    struct unpack *unpack;
    br_sha256_context sum;
};

static void pass_end(struct pass *p)
{
    unpack_cancel(p->unpack);
    partial_close(&p->partial);
}

static int pass_on(struct pass *p, const void *bytes, size_t length, struct error *err)
{
    br_sha256_update(&p->sum, bytes, length);
    return unpack_feed(p->unpack, bytes, length, err);
}

static int take_piece(void *context, const void *bytes, size_t length, struct error *err)
{
    struct pass *p = context;
    int failed = write_all(p->partial.rootfs, bytes, length);

    return failed ? cache_error(err, failed, "write into", p->cache->path) : pass_on(p, bytes, length, err);
}

/* What a former call left of the same file goes first. */
static int pass_former(struct pass *p, uint64_t length, struct error *err)
{
    cleanup_free char *buffer = malloc(PIECE_SIZE);
    int failed = buffer ? 0 : error_set(err, ENOMEM, "cannot read the image cache %s", p->cache->path);

    while (!failed && length > 0) {
        ssize_t n = read_all(p->partial.rootfs, buffer, length < PIECE_SIZE ? (size_t)length : PIECE_SIZE);

        if (n <= 0)
            return cache_error(err, n < 0 ? (int)n : EIO, "read", p->cache->path);
        failed = pass_on(p, buffer, (size_t)n, err);
        length -= (uint64_t)n;
    }
    return failed;
}

static const char *sum_text(const br_sha256_context *sum, char out[static SHA256_HEX + 1])
{
    unsigned char bytes[br_sha256_SIZE];

    br_sha256_out(sum, bytes);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    out[SHA256_HEX] = '\0';
    return out;
}

/* Hold a file against the sum that the server publishes for it. */
static int check_sum(const char *file, const char *host, const br_sha256_context *sum, const char *published,
                     enum image_check *check, struct error *err)
{
    char is[SHA256_HEX + 1];

    *check = *published ? IMAGE_CHECK_SHA256 : IMAGE_CHECK_NONE;
    if (!*published || strcmp(sum_text(sum, is), published) == 0)
        return 0;
    error_text(err, EBADMSG,
               "the %s from %s is not the one that it lists: its SHA-256 is %s and should be %s", file, host,
               is, published);
    return error_remedy(
        err, "run the command again; if it stays so, the server or a proxy is broken: use another");
}

/* The unpacker cannot know whose archive it is. */
static int blame(const struct catalog *c, int failed, struct error *err)
{
    if (failed == -EBADMSG) {
        error_context(err, "the rootfs.tar.xz from %s is damaged", c->server.host);
        error_remedy(err, "run the command again; if it stays so, use another build, variant or server");
    }
    return failed;
}

static int locate(struct catalog *c, const char *folder, const char *file, struct url *out, struct error *err)
{
    cleanup_free char *path = format_string("%s/%s", folder, file);

    return path ? url_below(&c->server, path, out, err) : error_set(err, ENOMEM, "cannot download %s", file);
}

static int fetch_meta(struct catalog *c, const char *folder, const char *published, struct meta_files *files,
                      enum image_check *check, struct error *err)
{
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    cleanup_url struct url u = {0};
    br_sha256_context sum;
    int failed = locate(c, folder, "meta.tar.xz", &u, err);

    if (failed)
        return failed;
    tell_status(c->events, "Downloading the metadata");
    failed = http_get(c->http, &u, META_MAX, &bytes, err);
    if (failed)
        return failed;
    br_sha256_init(&sum);
    br_sha256_update(&sum, strbuf_text(&bytes), bytes.length);
    failed = check_sum("meta.tar.xz", c->server.host, &sum, published, check, err);
    if (failed)
        return failed;
    failed = meta_read_tar(strbuf_text(&bytes), bytes.length, "the image's meta.tar.xz", files, err);
    if (failed == -EBADMSG)
        error_remedy(err, "run the command again; if it stays so, use another build, variant or server");
    return failed;
}

/* Ask for the file, from where a former call broke off. What came then is passed on, or is of no use now. */
static int begin(struct catalog *c, struct pass *p, const struct url *u, struct http_file *f,
                 struct error *err)
{
    cleanup_free char *text = url_text(u);
    struct http_resume resume;
    int failed =
        text ? cache_begin(p->cache, text, &p->partial, err) : error_set(err, ENOMEM, "cannot download");

    if (failed)
        return failed;
    resume = (struct http_resume){p->partial.have, p->partial.validator};
    failed = http_open(c->http, u, &resume, f, err);
    if (!failed)
        failed = cache_note(p->cache, &p->partial, text, f->validator, err);
    if (failed)
        return failed;
    if (f->offset == 0 && p->partial.have > 0 && ftruncate(p->partial.rootfs, 0) < 0)
        return cache_error(err, errno, "write into", p->cache->path);
    if (f->offset > 0)
        tell_status(c->events, "Going on with the download that was broken off");
    return pass_former(p, f->offset, err);
}

static int fetch_rootfs(struct catalog *c, struct pass *p, const char *folder, const char *published,
                        enum image_check *check, struct error *err)
{
    __attribute__((cleanup(http_close))) struct http_file f = {0};
    cleanup_url struct url u = {0};
    int failed = locate(c, folder, "rootfs.tar.xz", &u, err);

    if (failed)
        return failed;
    tell_status(c->events, "Downloading and unpacking the rootfs");
    br_sha256_init(&p->sum);
    failed = begin(c, p, &u, &f, err);
    if (!failed) {
        failed = pump(&f, "rootfs.tar.xz", c->events, take_piece, p, err);
        if (failed && socket_worth_retry(failed))
            error_remedy(err, "run the command again later: it goes on where it broke off");
    }
    if (!failed)
        failed = check_sum("rootfs.tar.xz", c->server.host, &p->sum, published, check, err);
    else
        blame(c, failed, err);
    return failed;
}

int download_require_config(const struct image_metadata *meta, const char *whose, struct error *err)
{
    if (meta->config)
        return 0;
    error_text(err, ENOENT, "the metadata of %s has no config", whose);
    return error_remedy(err, "meta.tar.xz must hold one: use another build, variant or server");
}

int download_image(struct catalog *c, const struct image_entry *entry, const struct image_sums *sums,
                   struct cache *cache, struct unpack_options options, int rootfs_fd,
                   struct image_metadata *out, struct error *err)
{
    __attribute__((cleanup(pass_end))) struct pass p = {.cache = cache, .partial = {.dir = -1, .rootfs = -1}};
    cleanup_meta_files struct meta_files files = {0};
    int failed = fetch_meta(c, entry->path, sums->meta, &files, &out->meta_check, err);

    if (failed)
        return failed;
    out->build = strdup(entry->build);
    if (!out->build || meta_select(&files, c->mode, out) < 0)
        return error_set(err, ENOMEM, "cannot keep the image's metadata");
    failed = download_require_config(out, entry->path, err);
    if (failed)
        return failed;
    options.excludes = out->excludes;
    failed = unpack_start(rootfs_fd, &options, &p.unpack, err);
    if (!failed)
        failed = fetch_rootfs(c, &p, entry->path, sums->rootfs, &out->rootfs_check, err);
    if (!failed) {
        tell_status(c->events, "Unpacking the rootfs");
        failed = blame(c, unpack_finish(take_ptr(p.unpack), &out->unpacked, err), err);
    }
    if (!failed)
        failed = cache_commit(cache, &p.partial, &files, entry->build, err);
    if (!failed)
        tell_status(c->events, "The image cache is now ready");
    else if (!socket_worth_retry(failed))
        cache_discard(cache);
    return failed;
}
