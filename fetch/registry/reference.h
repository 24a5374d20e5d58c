/*
 * Names of images: where an image is and which one of it. Source: the reference grammar of the distribution
 * project (reference.go, the comment at its top), containers-transports(5).
 *
 *     docker://[HOST[:PORT]/]NAME[:TAG][@sha256:DIGITS]    a registry
 *     oci:DIRECTORY[:TAG]                                  a directory with an OCI image layout
 *     oci-archive:FILE[:TAG]                               the same as a tar file
 *     docker-archive:FILE[:NAME[:TAG]]                     the output of `docker save`
 */
#ifndef LXCBOX_FETCH_REGISTRY_REFERENCE_H
#define LXCBOX_FETCH_REGISTRY_REFERENCE_H

#include "core/base/error.h"
#include "fetch/registry/digest.h"

#define REFERENCE_DOCKER_HOST "docker.io" /* as in names; its registry is registry-1.docker.io */

enum reference_kind { REFERENCE_REGISTRY, REFERENCE_LAYOUT, REFERENCE_OCI_ARCHIVE, REFERENCE_DOCKER_ARCHIVE };

struct reference {
    enum reference_kind kind;
    char *host; /* REFERENCE_REGISTRY: HOST[:PORT], "docker.io" if the name has none; else NULL */
    char *path; /* "library/nginx" in a registry; else the directory or file */
    char *tag;  /* of a registry "latest" if there is neither tag nor digest; else NULL: none was given. Of a
                   docker-archive it may be a whole name: "nginx:1.27" */
    struct digest digest; /* "": none was given */
};

#define cleanup_reference __attribute__((cleanup(reference_free)))

/*
 * Parse a name. Without "docker://" and the other prefixes it is refused, with the right form as the remedy.
 * Returns 0 or a negative errno with `err` filled: -EINVAL, -ENOTSUP for a digest that is not SHA-256,
 * -ENOMEM.
 */
int reference_parse(const char *text, struct reference *out, struct error *err);
void reference_free(struct reference *r);

/* "docker://docker.io/library/nginx:1.27": the whole name, to be freed by the caller. NULL: out of memory. */
char *reference_text(const struct reference *r);

#endif
