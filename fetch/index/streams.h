/*
 * Simplestreams, of an image server: streams/v1/index.json, which names lists of products, and these lists.
 * They are parsed while they arrive (a list has many MB), storing one build of one product at a time. Shape:
 * {"products": {"DIST:RELEASE:ARCH:VARIANT": {"versions": {BUILD: {"items": {KEY: {"ftype": ..., "path": ...,
 * "sha256": ..., "size": ...}}}}}}}.
 */
#ifndef LXCBOX_FETCH_INDEX_STREAMS_H
#define LXCBOX_FETCH_INDEX_STREAMS_H

#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "fetch/index/image.h"

#define SHA256_HEX 64

/* A build that has a root file system as a tar.xz; valid during the callback. */
struct streams_build {
    const char *product;                     /* "debian:bookworm:amd64:default" */
    const char *build;                       /* "20220209_23:09" */
    const char *directory;                   /* directory of its rootfs.tar.xz: "images/debian/..." */
    const char *rootfs_sha256, *meta_sha256; /* lower-case hex; "": not in the list */
    uint64_t rootfs_size;                    /* 0: not in the list */
};

/* A callback for a build. Returns 0 to continue, positive to stop reading, or a negative errno. */
typedef int streams_build_fn(void *context, const struct streams_build *build);

struct streams;

/* A reader of a list of products. NULL when out of memory. */
struct streams *streams_products(streams_build_fn *each, void *context);

/* A reader of index.json: collects the paths of lists of images ("streams/v1/images.json"). */
struct streams *streams_index(struct string_list *paths);

/*
 * Parse the next bytes. Returns 0, 1 if a callback has stopped it, or a negative errno with `err` filled:
 * -EBADMSG if it is not JSON, or JSON of excessive depth or name length.
 */
int streams_feed(struct streams *s, const void *bytes, size_t length, struct error *err);

/* End the document and free the reader. An incomplete document is an error unless reading was stopped. */
int streams_end(struct streams *s, struct error *err);

/* Free the reader without ending the document; may be NULL. */
void streams_free(struct streams *s);

/* Split the name of a product in place into its four parts; false unless it has four safe ones. */
bool streams_split_product(char *product, struct image_name *out);

/* Whether two paths on a server are equal: "%3A" equals ':', a leading '/' is ignored. */
bool streams_same_path(const char *a, const char *b);

#endif
