/*
 * The files that come with an image: config, fstab, excludes, templates, create-message, expiry, each perhaps
 * with "-system" or "-user" and a compat level (".7") behind its name. They come in a tarball, and lie as
 * files in LXC's cache.
 */
#ifndef LXCBOX_FETCH_METADATA_H
#define LXCBOX_FETCH_METADATA_H

#include "core/base/error.h"
#include "fetch/index/image.h"

struct meta_file {
    char name[48]; /* "config-user.7" */
    char *text;
    size_t length;
};

/* Only files with the names above; others in a tarball or folder are passed over. */
struct meta_files {
    struct meta_file *items;
    size_t count;
};

#define cleanup_meta_files __attribute__((cleanup(meta_files_free)))
void meta_files_free(struct meta_files *files);

/*
 * Read a metadata tarball (xz, gzip, zstd or plain) in memory. Files of over 256 KB are refused, and what is
 * over 16 MB unpacked, and links in place of files. `what` names it in an error. 0, -EBADMSG for a damaged
 * one, -ELOOP for a link, -EFBIG, -ENOMEM.
 */
int meta_read_tar(const void *bytes, size_t length, const char *what, struct meta_files *out,
                  struct error *err);

/* Read the files of a directory; a link or a file with a zero byte in it is refused. */
int meta_read_folder(int dirfd, const char *what, struct meta_files *out, struct error *err);

/* Write them into a folder, each as it is named. */
int meta_write_folder(int dirfd, const struct meta_files *files, struct error *err);

/*
 * The text that counts for a name: that of NAME-MODE where it exists, and of that the one with ".7"; NULL
 * without one. Owned by `files`.
 */
const char *meta_find(const struct meta_files *files, const char *name, const char *mode);

/* Fill config, fstab, excludes, templates and create_message with copies. 0 or -ENOMEM. */
int meta_select(const struct meta_files *files, const char *mode, struct image_metadata *out);

#endif
