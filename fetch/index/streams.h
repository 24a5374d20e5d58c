/*
 * Simplestreams, of which an image server publishes streams/v1/index.json, naming lists of products, and
 * those. They are read as they arrive (a list is many MB), keeping one build of one product at a time.
 * Shape: {"products": {"DIST:RELEASE:ARCH:VARIANT": {"versions": {BUILD: {"items": {KEY: {"ftype": ...,
 * "path":
 * ..., "sha256": ..., "size": ...}}}}}}}.
 */
#ifndef LXCBOX_FETCH_STREAMS_H
#define LXCBOX_FETCH_STREAMS_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "fetch/index/image.h"

#define SHA256_HEX 64

/* A build that has a root file system as a tar.xz; valid during the call that tells of it. */
struct streams_build {
    const char *product;                     /* "debian:bookworm:amd64:default" */
    const char *build;                       /* "20220209_23:09" */
    const char *folder;                      /* where its rootfs.tar.xz lies: "images/debian/..." */
    const char *rootfs_sha256, *meta_sha256; /* lower case hex, "" where the list has none */
    uint64_t rootfs_size;                    /* 0 where it has none */
};

/* What to do with a build: 0 to go on, positive to stop reading, or a negative errno. */
typedef int streams_build_fn(void *context, const struct streams_build *build);

struct streams;

/* A reader of a list of products. NULL when out of memory. */
struct streams *streams_products(streams_build_fn *each, void *context);

/* A reader of index.json: collects the paths of lists of images ("streams/v1/images.json"). */
struct streams *streams_index(struct string_list *paths);

/*
 * The next bytes. 0, 1 when a callback has asked to stop, or a negative errno with `err` filled: -EBADMSG for
 * what is no JSON, or JSON of unreasonable depth or length of names.
 */
int streams_feed(struct streams *s, const void *bytes, size_t length, struct error *err);

/* The end of the document; frees. A document cut short is an error unless it was stopped. */
int streams_end(struct streams *s, struct error *err);

/* Free without an end; NULL is fine. */
void streams_free(struct streams *s);

/* Split a product's name in place into its four parts; false where it has not four safe ones. */
bool streams_split_product(char *product, struct image_name *out);

/* Whether two paths on a server are one: "%3A" is ':', a leading '/' does not count. */
bool streams_same_path(const char *a, const char *b);

#endif
