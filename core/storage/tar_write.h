/*
 * Writing a tar archive with libarchive: ustar headers, with pax records for long values, fractions and
 * extended attributes. Source: tar(5), archive_write_format(3).
 */
#ifndef LXCBOX_CORE_STORAGE_TAR_WRITE_H
#define LXCBOX_CORE_STORAGE_TAR_WRITE_H

#include <locale.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/config.h"

struct archive;

/* The destination of the bytes. Returns 0 or a negative errno. */
struct tar_sink {
    int (*put)(void *context, const void *bytes, size_t length);
    void *context;
};

/* An archive that is being written. Meanwhile, the locale of the calling thread is UTF-8 (uselocale(3)). */
struct tar {
    struct tar_sink sink;
    struct archive *archive;
    locale_t utf8, outer;
    int r; /* of the sink */
    bool freed;
};

#define cleanup_tar __attribute__((cleanup(tar_free)))

/* All return 0 or a negative errno. When a function returns, its entry has been passed to the sink
 * completely. */
int tar_begin(struct tar *t, const struct tar_sink *sink);
/* Add a file of root, mode 0644, with the current time. */
int tar_put_file(struct tar *t, const char *name, const void *bytes, size_t length);
/*
 * Add all files below rootfd, "./" first, with numeric owners as the container sees them (`config` has the id
 * maps; an unmapped id is an error), times in nanoseconds, holes, hard links, device nodes, and the extended
 * attributes that fetch/unpack/unpack.h accepts, of any depth. Mount points are empty, and sockets are
 * omitted.
 */
int tar_put_tree(struct tar *t, int rootfd, const struct config *config, struct error *err);
/* Write the end of the archive. */
int tar_end(struct tar *t);
void tar_free(struct tar *t);

/* Set `out` to the header of a file as written by tar_put_file(), for a size that becomes known later. The
 * length of the header depends only on the name. */
int tar_file_header(const char *name, uint64_t size, time_t now, struct strbuf *out);

#endif
