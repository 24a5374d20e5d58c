/*
 * The catalog of an image server: its index (fetch/index/index.h), its simplestreams (fetch/index/streams.h),
 * or both.
 */
#ifndef LXCBOX_FETCH_INDEX_CATALOG_H
#define LXCBOX_FETCH_INDEX_CATALOG_H

#include "fetch/http/http.h"
#include "fetch/index/image.h"
#include "fetch/index/streams.h"

struct catalog {
    struct http *http;
    struct url server; /* its path is the prefix of all others */
    const char *mode;  /* "system" or "user" */
    const struct image_events *events;
};

#define cleanup_catalog __attribute__((cleanup(catalog_close)))
int catalog_open(const struct image_source *source, struct catalog *out, struct error *err);
void catalog_close(struct catalog *c);

/* Checksums of the two files of an image, in lower-case hex; "" if the server does not publish them. */
struct image_sums {
    char rootfs[SHA256_HEX + 1], meta[SHA256_HEX + 1];
};

/*
 * List the matching images from the index, or if there is none from simplestreams: the newest build of each.
 *
 */
int catalog_list(struct catalog *c, const struct image_name *filter, struct image_list *out,
                 struct error *err);

/* Find the image with that name, as the only item of `out`, with its checksums. -ENOENT with a remedy if it
 * does not exist. */
int catalog_find(struct catalog *c, const struct image_name *name, struct image_list *out,
                 struct image_sums *sums, struct error *err);

/* Report a step, or progress, to the events. */
void catalog_status(const struct image_events *events, const char *sentence);

/* Read a file completely, passing it to `take` in pieces (which returns a negative errno to stop) and
 * reporting its progress. */
typedef int take_fn(void *context, const void *bytes, size_t length, struct error *err);
int catalog_pump(struct http_file *f, const char *name, const struct image_events *events, take_fn *take,
                 void *context, struct error *err);

#endif
