/*
 * The files that come with an image: config, fstab, excludes, templates, create-message, expiry, each
 * optionally with the suffix "-system" or "-user" and a compat level (".7"). They are in a tarball on the
 * server, and files in the cache of LXC.
 */
#ifndef LXCBOX_FETCH_INDEX_METADATA_H
#define LXCBOX_FETCH_INDEX_METADATA_H

#include "core/base/error.h"
#include "fetch/index/image.h"

#define META_FILE_MAX  (256 * 1024) /* bytes */
#define META_FILES_MAX 64

struct meta_file {
    char name[48]; /* "config-user.7" */
    char *text;
    size_t length;
};

/* Only files with the names above; others in a tarball or directory are ignored. */
struct meta_files {
    struct meta_file *items;
    size_t count;
};

#define cleanup_meta_files __attribute__((cleanup(meta_files_free)))
void meta_files_free(struct meta_files *files);

/*
 * Read a metadata tarball (xz, gzip, zstd or plain) in memory. Files of more than 256 KB, tarballs of more
 * than 16 MB unpacked, and links instead of files are rejected. `what` is its name in errors. 0, -EBADMSG for
 * a damaged one, -ELOOP for a link, -EFBIG, -ENOMEM. A process of its own reads it, which can do nothing
 * else.
 */
int meta_read_tar(const void *bytes, size_t length, const char *what, struct meta_files *out,
                  struct error *err);

/* The same in this process, which is not confined. */
int meta_read_tar_here(const void *bytes, size_t length, const char *what, struct meta_files *out,
                       struct error *err);

/*
 * Add a file, whose text this function owns; a repeated name replaces the former one, as in unpacking. 0,
 * -EBADMSG for a name that is not one of those above, -ENOMEM, -EFBIG.
 */
int meta_files_add(struct meta_files *files, const char *name, char *text, size_t length);

/* Read the files of a directory; a link or a file that contains a zero byte is rejected. */
int meta_read_directory(int dirfd, const char *what, struct meta_files *out, struct error *err);

/* Write them to a directory, each under its name. */
int meta_write_directory(int dirfd, const struct meta_files *files, struct error *err);

/*
 * The text for a name: that of NAME-MODE if it exists, preferably with ".7"; NULL if there is none. Owned by
 * `files`.
 */
const char *meta_find(const struct meta_files *files, const char *name, const char *mode);

/* Fill config, fstab, excludes, templates and create_message with copies. 0 or -ENOMEM. */
int meta_select(const struct meta_files *files, const char *mode, struct image_metadata *out);

#endif
