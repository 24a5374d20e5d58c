/*
 * Writing a tar archive by libarchive: ustar headers, with pax records where something does not fit, has a
 * fraction or is an attribute. Source: tar(5), archive_write_format(3).
 */
#ifndef LXCBOX_CORE_STORAGE_TAR_WRITE_H
#define LXCBOX_CORE_STORAGE_TAR_WRITE_H

#include <locale.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/config.h"

struct archive;

/* Where the bytes go. 0 or a negative errno. */
struct tar_sink {
    int (*put)(void *context, const void *bytes, size_t length);
    void *context;
};

/* An archive that is being written. While it is, the calling thread takes names for UTF-8 (uselocale(3)). */
struct tar {
    struct tar_sink sink;
    struct archive *archive;
    locale_t utf8, outer;
    int r; /* of the sink */
    bool freed;
};

#define cleanup_tar __attribute__((cleanup(tar_free)))

/* All return 0 or a negative errno. Each entry has been passed on entirely when its function returns. */
int tar_begin(struct tar *t, const struct tar_sink *sink);
/* One file that belongs to root, mode 0644, with the present time. */
int tar_put_file(struct tar *t, const char *name, const void *bytes, size_t length);
/*
 * Every file beneath rootfd, "./" first, with its numeric owner as the container sees it (`config` has the id
 * maps; an id that is not mapped is refused), times to the nanosecond, holes, hard links, device nodes, and
 * the attributes that fetch/unpack/unpack.h takes. Other mounts are not entered, sockets left out.
 */
int tar_put_tree(struct tar *t, int rootfd, const struct config *config, struct error *err);
/* The end mark. */
int tar_end(struct tar *t);
void tar_free(struct tar *t);

/* In place of what `out` holds: the header alone of a file as tar_put_file writes one, for a size that is
 * known later. Its length depends on the name alone. */
int tar_file_header(const char *name, uint64_t size, time_t now, struct strbuf *out);

#endif
