/*
 * Images of root file systems: listing the images of a server, and unpacking one into a directory. Commands
 * use only this header of fetch/.
 *
 * A server has the layout of images.linuxcontainers.org: meta/1.0/index-system and index-user list the images
 * ("dist;release;arch;variant;build;path", with LXC's compat level 7 as a preferred suffix), each path
 * contains rootfs.tar.xz and meta.tar.xz, and streams/v1/ (simplestreams) has SHA-256 checksums. A server
 * with only one of the two, index or simplestreams, is supported too.
 *
 * These functions print nothing; they report through struct image_events.
 */
#ifndef LXCBOX_FETCH_INDEX_IMAGE_H
#define LXCBOX_FETCH_INDEX_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "fetch/unpack/unpack.h"

#define IMAGE_DEFAULT_SERVER "images.linuxcontainers.org"
#define IMAGE_COMPAT_LEVEL   7

/*
 * The name of an image. In a filter, NULL matches everything. `variant` is "default" if the user gives none.
 */
struct image_name {
    const char *dist;    /* "debian" */
    const char *release; /* "bookworm" */
    const char *arch;    /* as named by the server: "amd64" */
    const char *variant;
};

/* The name used by servers (that of Debian) for an architecture as named by the kernel or LXC: "amd64" for
 * "x86_64". Other names are returned unchanged. NULL: the architecture of this machine. Returns a static
 * string or `name`. */
const char *image_arch(const char *name);

/* Callbacks during a call, in the calling thread; each may be NULL. */
struct image_events {
    void *context;
    /* A step begins: "Downloading the image index", "Using image from local cache", ... */
    void (*status)(void *context, const char *sentence);
    /* Bytes of the named file so far; total is 0 if unknown. The last call has done == total. */
    void (*progress)(void *context, const char *file, uint64_t done_bytes, uint64_t total_bytes);
};

struct image_source {
    const char *server;     /* HOST[:PORT][/PREFIX], or a URL with https:// or http://; NULL: the default */
    const char *mode;       /* "system", or "user" for a container whose ids are mapped; NULL: "system" */
    const char *ca_file;    /* PEM file instead of the built-in roots; NULL: SSL_CERT_FILE, else built in */
    int connect_timeout_ms; /* 0: 30 s */
    int idle_timeout_ms;    /* time without a byte that ends an attempt; 0: 30 s */
    unsigned attempts;      /* 0: three */
    struct image_events events;
};

struct image_entry {
    char *dist, *release, *arch, *variant, *build;
    char *path; /* directory on the server, no leading or trailing '/' */
};

struct image_list {
    struct image_entry *items;
    size_t count;
};

#define cleanup_image_list __attribute__((cleanup(image_list_free)))

/* List the matching images, in the order of the server. An empty list is not an error. */
int image_list(const struct image_source *source, const struct image_name *filter, struct image_list *out,
               struct error *err);
void image_list_free(struct image_list *list);

/* How a file was verified, in addition to the TLS connection. */
enum image_check {
    IMAGE_CHECK_NONE, /* the server publishes no checksum for this file: only its TLS certificate was verified
                       */
    IMAGE_CHECK_SHA256, /* equal to the checksum in the simplestreams of the server */
    IMAGE_CHECK_CACHED, /* taken from the cache without verification */
    IMAGE_CHECK_LOCAL,  /* a local file */
};

/*
 * The files in the metadata tarball, as texts; NULL if the image does not have them. A name with "-MODE" is
 * preferred if it exists, and of these the one with ".7". All are owned by the struct.
 */
struct image_metadata {
    char
        *config; /* LXC config lines with placeholders LXC_NAME, LXC_PATH ...; never NULL after image_fetch */
    char *fstab; /* to become LXCPATH/NAME/fstab */
    char *excludes;       /* already applied while unpacking */
    char *templates;      /* paths inside the rootfs, one per line, in which to replace LXC_NAME and so on */
    char *create_message; /* to print at the end */
    char *build;          /* "20220209_23:09"; NULL for a local image */
    enum image_check rootfs_check, meta_check;
    struct unpack_result unpacked; /* entries, bytes, device nodes skipped */
};

#define cleanup_image_metadata __attribute__((cleanup(image_metadata_free)))
void image_metadata_free(struct image_metadata *meta);

struct image_request {
    struct image_source source;
    struct image_name name;       /* all four set */
    const char *cache;            /* the directory that contains download/; NULL: $LXC_CACHE_PATH, else
                                     /var/cache/lxc for root and $HOME/.cache/lxc for others */
    bool flush_cache;             /* remove the cached copy first */
    bool force_cache;             /* use the cached copy even if it has expired */
    struct unpack_options unpack; /* devices, id mapping; `excludes` is filled from the metadata */
};

/*
 * Unpack the image into the empty directory rootfs_fd, from the cache or from the server, in one pass:
 * network -> cache file and SHA-256 -> decompressor -> tar -> disk. Creates dev/pts. On failure the contents
 * of the directory are unspecified and the caller removes them; the cache contains the former image, if any,
 * and possibly a partial download that a later call resumes. 0 or a negative errno with `err` filled.
 */
int image_fetch(const struct image_request *request, int rootfs_fd, struct image_metadata *out,
                struct error *err);

/*
 * The same for local files: `rootfs` is a tarball (xz, gzip, zstd or plain); `meta` is a tarball or a
 * directory with the files above, or NULL. Without a `config` in it, out->config is NULL. `events` may be
 * NULL.
 */
int image_unpack_local(const char *rootfs, const char *meta, const char *mode,
                       const struct unpack_options *unpack, const struct image_events *events, int rootfs_fd,
                       struct image_metadata *out, struct error *err);

#endif
