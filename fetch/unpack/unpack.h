/*
 * Unpacking a tarball (tar in any of its dialects; plain or compressed with xz, gzip or zstd) into a
 * directory. No entry can be written outside of it: every entry is created relative to a directory fd,
 * symbolic links are never followed on the path to it, names with ".." are rejected, and hard links can only
 * refer to files unpacked before. The tarball is untrusted until its checksum is verified, which is the last
 * step.
 *
 * Bytes are pushed in as they arrive, to a process that can do nothing but unpack them (core/base/jail.h).
 * One thread of it decompresses, another reads the tar and writes the files, so that decoding, writing and
 * the network overlap; the buffers between them are bounded (5 MB in all).
 *
 * Preserved: numeric owners, modes with setuid and similar bits, modification times, hard links, sparse
 * files, extended attributes user.*, security.capability and system.posix_acl_*. Others (labels, trusted.*)
 * belong to the host that created them and are skipped. Source: tar(5), openat2(2), capabilities(7) for
 * namespaced file capabilities.
 */
#ifndef LXCBOX_FETCH_UNPACK_UNPACK_H
#define LXCBOX_FETCH_UNPACK_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"

/* One line of an id map: `count` ids from `inside` on are written to disk as the ids from `outside` on. */
struct unpack_id_range {
    uint32_t inside, outside, count;
};

struct unpack_options {
    bool devices;  /* create device nodes; otherwise they are skipped and counted */
    bool keep_ids; /* do not change owners: the files of an ordinary user belong to that user */
    /*
     * The id map: entries with an id in no range are rejected. Without ranges, ids are not mapped.
     */
    const struct unpack_id_range *uids, *gids;
    size_t uid_count, gid_count;
    /* Patterns of fnmatch(3), '*' matching '/' too, anchored at the root with or without "./" before them,
     * one per line; a directory that matches is excluded with its contents. NULL: none. */
    const char *excludes;
    bool layer;           /* of an image: the directory has the layers below it (unpack_layer.h); excludes
                             do not apply to whiteouts */
    bool sum;             /* compute the checksum of the uncompressed archive: unpack_result.sum */
    bool skip_dev;        /* skip the contents of /dev */
    uint64_t max_entries; /* 0: 4 million */
    uint64_t max_bytes;   /* of decompressed tar and of all file sizes together; 0: 1 TiB */
};

struct unpack_result {
    uint64_t entries;         /* created on disk */
    uint64_t bytes;           /* total size of regular files */
    uint64_t excluded;        /* skipped because of a pattern */
    uint64_t devices_skipped; /* device nodes skipped */
    unsigned char sum[32];    /* if wanted: the SHA-256 of the uncompressed archive */
    uint64_t xattrs_skipped;  /* attributes that the file system or the user cannot set */
};

struct unpack;

/*
 * Start. `dirfd` and the strings and arrays in `options` must stay valid until unpack_finish or
 * unpack_cancel. 0 with *out set, or a negative errno.
 */
int unpack_start(int dirfd, const struct unpack_options *options, struct unpack **out, struct error *err);

/* Push compressed bytes; waits while the unpacker is behind. After a failure, all calls return the same
 * negative errno with `err` filled. */
int unpack_feed(struct unpack *u, const void *bytes, size_t length, struct error *err);

/* End the stream: wait until everything is on disk, and free `u`. `result` may be NULL. */
int unpack_finish(struct unpack *u, struct unpack_result *result, struct error *err);

/*
 * Unpack what can be read from `input`, in this process, which is not confined. `result` is filled also on
 * failure. 0 or a negative errno.
 */
int unpack_here(int input, int dirfd, const struct unpack_options *options, struct unpack_result *result,
                struct error *err);

/* Stop and free `u` (may be NULL). The caller removes the files that were written. */
void unpack_cancel(struct unpack *u);

#endif
