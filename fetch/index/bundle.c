#include "fetch/index/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "fetch/index/metadata.h"

#define MAX_META (16 << 20)

static int bundle_damaged(struct archive *a, const char *what, struct error *err)
{
    error_text(err, EBADMSG, "cannot read %s: %s", what,
               archive_error_string(a) ? archive_error_string(a) : "damaged");
    return error_remedy(err, "it is damaged, incomplete, or not an archive of lxc-export");
}

static int bundle_read_meta(struct archive *a, const char *what, const char *mode, struct image_metadata *out,
                            struct error *err)
{
    cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
    cleanup_meta_files struct meta_files files = {0};
    const void *block;
    int64_t offset;
    size_t length;
    int r;

    while ((r = archive_read_data_block(a, &block, &length, &offset)) == ARCHIVE_OK) {
        if (bytes.length + length > MAX_META)
            return error_text(err, EFBIG, "the metadata in %s is larger than %d MB", what, MAX_META >> 20);
        if (strbuf_add(&bytes, block, length) < 0)
            return error_set(err, ENOMEM, "cannot read %s", what);
    }
    if (r != ARCHIVE_EOF)
        return bundle_damaged(a, what, err);
    r = meta_read_tar(strbuf_text(&bytes), bytes.length, what, &files, err);
    if (r == 0 && meta_select(&files, mode, out) < 0)
        r = error_set(err, ENOMEM, "cannot read %s", what);
    return r;
}

static int bundle_read_rootfs(struct archive *a, const char *what, const struct unpack_options *options,
                              int rootfs_fd, struct image_metadata *out, struct error *err)
{
    struct unpack *u;
    const void *block;
    int64_t offset;
    size_t length;
    int r = unpack_start(rootfs_fd, options, &u, err), fed = 0;

    if (r < 0)
        return r;
    while (fed == 0 && (r = archive_read_data_block(a, &block, &length, &offset)) == ARCHIVE_OK)
        fed = unpack_feed(u, block, length, err);
    if (fed == 0 && r != ARCHIVE_EOF) {
        unpack_cancel(u);
        return bundle_damaged(a, what, err);
    }
    return unpack_finish(u, &out->unpacked, err);
}

static bool bundle_is_named(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash ? slash + 1 : path, name) == 0;
}

static int bundle_read_entries(struct archive *a, const char *what, const char *mode,
                               const struct unpack_options *unpack, int rootfs_fd, struct image_metadata *out,
                               struct error *err)
{
    struct unpack_options options = *unpack;
    struct archive_entry *entry;
    bool has_rootfs = false;
    int r = 0, read;

    while ((read = archive_read_next_header(a, &entry)) == ARCHIVE_OK || read == ARCHIVE_WARN) {
        const char *path = archive_entry_pathname(entry);

        if (!path || !(bundle_is_named(path, "meta.tar.xz") || bundle_is_named(path, "rootfs.tar.xz")))
            continue;
        if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
            return error_text(err, ELOOP, "%s in %s is a link, or not a regular file", path, what);
        if (bundle_is_named(path, "meta.tar.xz")) {
            if (has_rootfs || out->config)
                return error_text(err, EINVAL, "%s contains its metadata twice, or after the rootfs", what);
            r = bundle_read_meta(a, what, mode, out, err);
            options.excludes = out->excludes;
        } else {
            if (has_rootfs)
                return error_text(err, EINVAL, "%s contains more than one image", what);
            has_rootfs = true;
            r = bundle_read_rootfs(a, what, &options, rootfs_fd, out, err);
        }
        if (r < 0)
            return r;
    }
    if (read != ARCHIVE_EOF)
        return bundle_damaged(a, what, err);
    if (has_rootfs)
        return 0;
    error_text(err, ENOENT, "%s does not contain a rootfs.tar.xz", what);
    return error_remedy(err, "use lxc-create -t local for a root file system without metadata");
}

int bundle_unpack(int fd, const char *what, const char *mode, const struct unpack_options *unpack,
                  int rootfs_fd, struct image_metadata *out, struct error *err)
{
    struct archive *a = archive_read_new();
    int r;

    out->rootfs_check = out->meta_check = IMAGE_CHECK_LOCAL;
    if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK ||
        archive_read_support_filter_xz(a) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(a) != ARCHIVE_OK)
        r = error_set(err, ENOMEM, "cannot read %s", what);
    else if (archive_read_open_fd(a, fd, 1 << 16) != ARCHIVE_OK)
        r = bundle_damaged(a, what, err);
    else
        r = bundle_read_entries(a, what, mode, unpack, rootfs_fd, out, err);
    archive_read_free(a);
    return r;
}
