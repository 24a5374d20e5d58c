/*
 * Images of root file systems: listing what a server has, and putting one into a directory. This is all that
 * a command needs of fetch/.
 *
 * A server is one in the layout of images.linuxcontainers.org: meta/1.0/index-system and index-user name the
 * images ("dist;release;arch;variant;build;path", with LXC's compat level 7 as a preferred suffix), each path
 * holds rootfs.tar.xz and meta.tar.xz, and streams/v1/ (simplestreams) gives SHA-256 sums. A server with only
 * one of the two, index or simplestreams, is served as well.
 *
 * Nothing here prints: what goes on is told through struct image_events.
 */
#ifndef LXCBOX_FETCH_IMAGE_H
#define LXCBOX_FETCH_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "fetch/unpack/unpack.h"

#define IMAGE_DEFAULT_SERVER "images.linuxcontainers.org"
#define IMAGE_COMPAT_LEVEL   7

/* Which image. In a filter, NULL matches everything. `variant` is "default" where a person names none. */
struct image_name {
    const char *dist;    /* "debian" */
    const char *release; /* "bookworm" */
    const char *arch;    /* the server's name for it: "amd64" */
    const char *variant;
};

/* The server's (Debian's) name for an architecture that the kernel or LXC names otherwise, as "amd64" for
 * "x86_64"; other names stay. NULL: that of this machine. A static string or `name` itself. */
const char *image_arch(const char *name);

/* Told while a call lasts, from the calling thread; each may be NULL. */
struct image_events {
    void *context;
    /* A step begins: "Downloading the image index", "Using image from local cache", ... */
    void (*status)(void *context, const char *sentence);
    /* Bytes of the named file so far; total 0 where the server does not say. done == total ends it. */
    void (*progress)(void *context, const char *file, uint64_t done_bytes, uint64_t total_bytes);
};

struct image_source {
    const char *server;     /* HOST[:PORT][/PREFIX], or a URL with https:// or http://; NULL: the default */
    const char *mode;       /* "system", or "user" for a container whose ids are mapped; NULL: "system" */
    const char *ca_file;    /* PEM file in place of the built-in roots; NULL: SSL_CERT_FILE, else built in */
    int connect_timeout_ms; /* 0: 30 s */
    int idle_timeout_ms;    /* no byte for so long ends an attempt; 0: 30 s */
    unsigned attempts;      /* 0: three */
    struct image_events events;
};

struct image_entry {
    char *dist, *release, *arch, *variant, *build;
    char *path; /* folder on the server, no leading or trailing '/' */
};

struct image_list {
    struct image_entry *items;
    size_t count;
};

#define cleanup_image_list __attribute__((cleanup(image_list_free)))

/* The images that match, in the server's order. None is an empty list, not an error. */
int image_list(const struct image_source *source, const struct image_name *filter, struct image_list *out,
               struct error *err);
void image_list_free(struct image_list *list);

/* How sure we are of a file's bytes, beyond the TLS connection that brought them. */
enum image_check {
    IMAGE_CHECK_NONE,   /* the server publishes no sum for this file: only its TLS certificate vouches */
    IMAGE_CHECK_SHA256, /* equal to the sum in the server's simplestreams */
    IMAGE_CHECK_CACHED, /* taken from the cache as it lies there */
    IMAGE_CHECK_LOCAL,  /* a person's own file */
};

/*
 * What the metadata tarball holds, as texts; NULL where the image has none. For each the name with "-MODE" is
 * preferred where it exists, and of that the one with ".7". All owned by the struct.
 */
struct image_metadata {
    char *config;         /* LXC config lines with LXC_NAME, LXC_PATH ... still in them; never NULL after
                             image_fetch */
    char *fstab;          /* to become LXCPATH/NAME/fstab */
    char *excludes;       /* already obeyed while unpacking */
    char *templates;      /* paths inside the rootfs, one per line, in which to replace LXC_NAME and so on */
    char *create_message; /* to show a person at the end */
    char *build;          /* "20220209_23:09"; NULL for a local image */
    enum image_check rootfs_check, meta_check;
    struct unpack_result unpacked; /* entries, bytes, device nodes left out */
};

#define cleanup_image_metadata __attribute__((cleanup(image_metadata_free)))
void image_metadata_free(struct image_metadata *meta);

struct image_request {
    struct image_source source;
    struct image_name name;       /* all four set */
    const char *cache;            /* the folder that holds download/; NULL: $LXC_CACHE_PATH, else
                                     /var/cache/lxc for root and $HOME/.cache/lxc for others */
    bool flush_cache;             /* throw the local copy away first */
    bool force_cache;             /* use the local copy even if it has expired */
    struct unpack_options unpack; /* devices, id mapping; `excludes` is filled from the metadata */
};

/*
 * Fill the empty directory rootfs_fd with the image, from the cache or from the server, in one pass:
 * network -> cache file and SHA-256 -> decompressor -> tar -> disk. Makes dev/pts. On failure what is in the
 * directory is unspecified and the caller removes it; the cache holds either the former image or, beside it,
 * a partial download that a next call continues. 0 or a negative errno with `err` filled.
 */
int image_fetch(const struct image_request *request, int rootfs_fd, struct image_metadata *out,
                struct error *err);

/*
 * The same from a person's own files: `rootfs` is a tarball (xz, gzip, zstd or plain); `meta` a tarball or a
 * folder with the files above, or NULL. Without a `config` in it, out->config is NULL. `events` may be NULL.
 */
int image_unpack_local(const char *rootfs, const char *meta, const char *mode,
                       const struct unpack_options *unpack, const struct image_events *events, int rootfs_fd,
                       struct image_metadata *out, struct error *err);

#endif
