/*
 * Getting an image: from a registry into the cache, or from a layout or archive of the user's; and reading
 * its layers while they arrive. Everything is verified by digest: manifest, configuration and layers here,
 * the uncompressed layers (diff_ids) by who unpacks them.
 */
#ifndef LXCBOX_FETCH_REGISTRY_PULL_H
#define LXCBOX_FETCH_REGISTRY_PULL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "fetch/index/image.h"
#include "fetch/registry/client.h"
#include "fetch/registry/image_config.h"
#include "fetch/registry/manifest.h"
#include "fetch/registry/reference.h"

enum pull_policy {
    PULL_CHANGED, /* ask the registry what a tag stands for now; download it if it is not in the cache */
    PULL_ALWAYS,  /* download the manifest in any case */
    PULL_MISSING, /* ask only if the cache does not have the image */
    PULL_NEVER,   /* use the cache alone */
};

struct pull_request {
    const struct reference *reference;
    struct platform platform;
    enum pull_policy policy;
    bool no_cache;                    /* keep nothing, use nothing */
    const char *cache;                /* as in struct image_request */
    struct registry_options registry; /* `reference` and `status` are set by pull_open */
    struct image_events events;
};

struct pull;

#define cleanup_pull __attribute__((cleanup(pull_close)))

/*
 * Find the image and get its manifest and configuration. The request must outlive *out. Returns 0 or a
 * negative errno with `err` filled.
 */
int pull_open(const struct pull_request *request, struct pull **out, struct error *err);
void pull_close(struct pull **p);

const struct manifest *pull_manifest(const struct pull *p);
const struct image_config *pull_config(const struct pull *p);

/* The configuration as the image has it, JSON. */
const struct strbuf *pull_config_text(const struct pull *p);

/* The digest of the manifest, and of what the tag stands for (the same, or that of an index). */
const struct digest *pull_manifest_digest(const struct pull *p);
const struct digest *pull_tag_digest(const struct pull *p);

/* Where the bytes of a layer go. Each returns 0 or a negative errno with `err` filled, which ends
 * pull_layers(). */
struct pull_sink {
    void *context;
    int (*begin)(void *context, size_t layer, struct error *err); /* lowest first */
    int (*feed)(void *context, const void *bytes, size_t length, struct error *err);
    int (*end)(void *context, size_t layer, struct error *err);
};

/*
 * Download the layers that are not in the cache, two at a time, and pass the bytes of those for which
 * `wanted` is true (NULL: all) to the sink, in order, in the calling thread, while they arrive. A layer whose
 * digest is wrong ends with -EBADMSG, maybe after all of its bytes have been passed on.
 */
int pull_layers(struct pull *p, const bool *wanted, const struct pull_sink *sink, struct error *err);

#endif
