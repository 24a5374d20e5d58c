/*
 * Writing a tar archive: ustar headers, with pax records where something does not fit or has a fraction.
 * Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; tar(5) for SCHILY.xattr.
 */
#ifndef LXCBOX_CORE_STORAGE_TAR_WRITE_H
#define LXCBOX_CORE_STORAGE_TAR_WRITE_H

#include "core/base/error.h"
#include "core/config/config.h"

/* Where the bytes go. 0 or a negative errno. */
struct tar_sink {
    int (*put)(void *context, const void *bytes, size_t length);
    void *context;
};

/*
 * Every file beneath rootfd, "./" first, with its numeric owner as the container sees it (`config` has the id
 * maps; an id that is not mapped is refused), times to the nanosecond, hard links, device nodes, and the
 * attributes that fetch/unpack/unpack.h takes. Other mounts are not entered, sockets left out. 0 or a
 * negative errno.
 */
int tar_put_tree(const struct tar_sink *sink, int rootfd, const struct config *config, struct error *err);

/* One file of root's, mode 0644, made now. */
int tar_put_file(const struct tar_sink *sink, const char *name, const void *bytes, size_t length);

/* The header alone of such a file, 512 bytes, for a size that is known later. */
void tar_file_header(const char *name, uint64_t size, unsigned char out[static 512]);

/* What follows a file of this size, and what ends the archive. */
int tar_put_padding(const struct tar_sink *sink, uint64_t size);
int tar_put_end(const struct tar_sink *sink);

#endif
