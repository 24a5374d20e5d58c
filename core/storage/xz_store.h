/*
 * Writing the xz format without compression, which LXC and tar(1) read as .tar.xz, so that the executable
 * needs no encoder. Source: "The .xz File Format", version 1.2.0 (tukaani.org/xz/xz-file-format.txt), and
 * LZMA2's chunks of uncompressed data.
 */
#ifndef LXCBOX_CORE_STORAGE_XZ_STORE_H
#define LXCBOX_CORE_STORAGE_XZ_STORE_H

#include <stddef.h>
#include <stdint.h>

/* A stream with one block. Set `fd` and zero the rest. */
struct xz_store {
    int fd;
    unsigned char chunk[65536]; /* not written yet */
    size_t filled;
    uint64_t compressed, uncompressed; /* bytes of the block so far */
    uint32_t crc32;                    /* of the uncompressed bytes */
};

/* All return 0 or a negative errno from write(2). */
int xz_store_begin(struct xz_store *x);
int xz_store_put(struct xz_store *x, const void *bytes, size_t length);
int xz_store_end(struct xz_store *x);

#endif
