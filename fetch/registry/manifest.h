/*
 * Manifests and indexes of images, in the media types of OCI and of Docker. Source: OCI image
 * specification 1.1 (manifest.md, image-index.md, descriptor.md, media-types.md), Docker's "Image Manifest
 * Version 2, Schema 2".
 */
#ifndef LXCBOX_FETCH_REGISTRY_MANIFEST_H
#define LXCBOX_FETCH_REGISTRY_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "fetch/registry/digest.h"

#define MANIFEST_SIZE_MAX                                                                                    \
    ((size_t)4 << 20) /* bytes of a manifest or index; registries accept no larger ones */
#define MANIFEST_LAYERS_MAX 512
#define MANIFEST_INDEX_MAX  2048

/* What to accept, as the value of an Accept header. */
#define MANIFEST_ACCEPT                                                                                      \
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "                  \
    "application/vnd.docker.distribution.manifest.list.v2+json, "                                            \
    "application/vnd.docker.distribution.manifest.v2+json"

struct descriptor {
    struct digest digest;
    uint64_t size_bytes;
    char *url; /* of a layer that other servers distribute; NULL: none. Owned. */
};

struct manifest {
    struct descriptor config;
    struct descriptor *layers; /* lowest first; owned */
    size_t layer_count;
};

/* What a user wants; names of GOARCH: "amd64", "arm", "arm64". */
struct platform {
    const char *architecture;
    const char *variant; /* "v7"; NULL: the best that this machine's kind of `architecture` runs */
};

/* A parsed document: either a manifest, or the descriptor of the document that an index has for the platform.
 */
struct manifest_document {
    bool is_index;
    struct descriptor chosen; /* of an index */
    struct manifest manifest; /* of a manifest */
};

#define cleanup_manifest_document __attribute__((cleanup(manifest_document_free)))
void manifest_document_free(struct manifest_document *d);
void manifest_free(struct manifest *m);

/*
 * Parse a document. `media_type` is the one that its server or descriptor states, without parameters; NULL:
 * unknown. Returns 0 or a negative errno with `err` filled: -EBADMSG for a document that is malformed, or
 * manifest and index at once; -ENOTSUP for schema 1, for an artifact that is no image of a container and for
 * layers of unknown kinds; -ENOENT if an index has nothing for the platform, and the platforms it has are
 * named; -ENOMEM.
 */
int manifest_parse(const void *bytes, size_t length, const char *media_type, const struct platform *platform,
                   struct manifest_document *out, struct error *err);

/* This machine's architecture in the names of GOARCH for a name of the kernel, of Debian or of Go: "x86_64",
 * "armhf". NULL: of this machine. *variant is set to "v7" for armhf and the like, else to NULL. Returns a
 * static string, or `name`. */
const char *platform_architecture(const char *name, const char **variant);

#endif
