/*
 * The configuration of an image: what its author wants to be run, and the digests of its layers. Source: OCI
 * image specification 1.1, config.md.
 */
#ifndef LXCBOX_FETCH_REGISTRY_IMAGE_CONFIG_H
#define LXCBOX_FETCH_REGISTRY_IMAGE_CONFIG_H

#include <stddef.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "fetch/registry/digest.h"

struct image_label {
    char *name, *value;
};

/*
 * Texts may have any characters but NUL: a caller that writes them into a file checks them for line breaks.
 * All are owned by the struct; NULL or an empty list is what the image leaves open.
 */
struct image_config {
    char *architecture, *os, *variant; /* names of GOARCH and GOOS */
    char *created;                     /* RFC 3339 */
    struct string_list entrypoint, command;
    struct string_list environment; /* "NAME=VALUE" */
    char *user;                     /* "USER[:GROUP]", each a name or a number */
    char *working_directory;
    char *stop_signal;          /* "SIGQUIT", "QUIT" or "3" */
    struct string_list volumes; /* paths */
    struct string_list ports;   /* "80/tcp" */
    struct image_label *labels;
    size_t label_count;
    struct digest *diff_ids; /* of the layers' uncompressed tar archives, lowest first */
    size_t diff_id_count;
};

#define cleanup_image_config __attribute__((cleanup(image_config_free)))
void image_config_free(struct image_config *c);

/* Returns 0 or a negative errno with `err` filled: -EBADMSG for a malformed configuration, -ENOMEM. */
int image_config_parse(const void *bytes, size_t length, struct image_config *out, struct error *err);

#endif
