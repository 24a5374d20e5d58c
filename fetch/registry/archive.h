/*
 * Archives of images: an OCI layout as a tar file (oci-archive), and what `docker save` writes
 * (docker-archive), also that of Docker 25 and later, which is both. The tar file may be compressed. Source:
 * Docker's image specification v1.2, "Combined Image JSON + Filesystem Changeset Format".
 */
#ifndef LXCBOX_FETCH_REGISTRY_ARCHIVE_H
#define LXCBOX_FETCH_REGISTRY_ARCHIVE_H

#include "core/base/error.h"
#include "fetch/registry/manifest.h"
#include "fetch/registry/reference.h"
#include "fetch/registry/store.h"

/* The files of an archive, all of which are in the store. The names are those of the archive, and never
 * become paths. */
struct archive_file {
    char *name;
    char *link; /* of a symbolic or hard link: the name that it leads to; else NULL */
    struct descriptor blob;
    bool added; /* the store did not have it */
};

struct archive_files {
    struct archive_file *items;
    size_t count;
};

#define cleanup_archive_files __attribute__((cleanup(archive_files_free)))
void archive_files_free(struct archive_files *files);

/* Put all files of the archive into the store. On failure, too, *out lists what was added: archive_remove()
 * undoes it. */
int archive_read_files(const char *path, const struct store *store, struct archive_files *out,
                       struct error *err);

/* Remove from the store what it did not have before. */
void archive_remove(const struct store *store, const struct archive_files *files);

/* Find the image that the reference names: the descriptor of a manifest or index. Of an archive with one
 * image, no name need be given. For a docker-archive, the manifest is composed and put into the store, too
 * (it is added to `files`). */
int archive_find(const struct reference *reference, const struct store *store, struct archive_files *files,
                 struct descriptor *out, struct error *err);

#endif
