/*
 * The formats of an archive file, by the suffix of its name: .tar, .gz and .tgz (compressed by zlib), .xz and
 * .txz (core/storage/xz_store.h: not compressed). A name without a suffix is a .tar.
 */
#ifndef LXCBOX_CORE_STORAGE_COMPRESS_H
#define LXCBOX_CORE_STORAGE_COMPRESS_H

#include "core/base/error.h"

enum compression { COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_XZ };

/* Returns 0, or -EINVAL with `err` filled for an unknown suffix. */
int compression_of(const char *file, enum compression *out, struct error *err);

/* Compress the whole file `from` to `to`. Returns 0 or a negative errno. */
int compress_file(int from, int to, enum compression how);

#endif
