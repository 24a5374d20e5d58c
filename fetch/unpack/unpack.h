/*
 * Unpacking a tarball (tar in any of its dialects; plain or compressed with xz, gzip or zstd) into a
 * directory, which nothing in the tarball can leave: every entry is made relative to a directory fd, no
 * symbolic link is ever followed on the way to it, names with ".." are refused, hard links can only name what
 * was unpacked before. The tarball is hostile until its sum is checked, and that comes last.
 *
 * Bytes are pushed in as they arrive. One thread decompresses, another reads the tar and writes the files, so
 * that decoding, writing and the network overlap; what lies between them is bounded (5 MB in all).
 *
 * Kept: numeric owners, modes with setuid and so on, modification times, hard links, sparse files, extended
 * attributes user.*, security.capability and system.posix_acl_*. Others (labels, trusted.*) belong to the
 * host that made them and are passed over. Source: tar(5), openat2(2), capabilities(7) for namespaced file
 * capabilities.
 */
#ifndef LXCBOX_FETCH_UNPACK_UNPACK_H
#define LXCBOX_FETCH_UNPACK_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"

/* One line of an id map: `count` ids from `inside` on are written to disk as `outside` and following. */
struct unpack_id_range {
    uint32_t inside, outside, count;
};

struct unpack_options {
    bool devices;  /* make device nodes; otherwise they are passed over and counted */
    bool keep_ids; /* do not change owners at all: an ordinary user unpacks what becomes its own */
    /* Where ids are mapped: entries with an id in no range are refused. With no ranges ids stay as they are.
     */
    const struct unpack_id_range *uids, *gids;
    size_t uid_count, gid_count;
    /* Patterns of fnmatch(3), '*' matching '/' too, anchored at the root with or without "./" before them,
     * one per line; a directory that matches takes all beneath it along. NULL: none. */
    const char *excludes;
    bool skip_dev;        /* leave out what /dev holds */
    uint64_t max_entries; /* 0: 4 million */
    uint64_t max_bytes;   /* of decompressed tar and of all file sizes together; 0: 1 TiB */
};

struct unpack_result {
    uint64_t entries;         /* made on disk */
    uint64_t bytes;           /* sizes of regular files together */
    uint64_t excluded;        /* left out by a pattern */
    uint64_t devices_skipped; /* device nodes left out */
    uint64_t xattrs_skipped;  /* attributes that this file system or this user cannot set */
};

struct unpack;

/*
 * Begin. `dirfd` and the strings and arrays in `options` must stay until unpack_finish or unpack_cancel.
 * 0 with *out set, or a negative errno.
 */
int unpack_start(int dirfd, const struct unpack_options *options, struct unpack **out, struct error *err);

/* Push compressed bytes; waits while the unpacker is behind. A negative errno with `err` filled once
 * unpacking has failed, from then on always the same. */
int unpack_feed(struct unpack *u, const void *bytes, size_t length, struct error *err);

/* The stream is complete: wait until all is on disk, free `u`. `result` may be NULL. */
int unpack_finish(struct unpack *u, struct unpack_result *result, struct error *err);

/* Stop where it is and free `u` (NULL is fine). What was written stays for the caller to remove. */
void unpack_cancel(struct unpack *u);

#endif
