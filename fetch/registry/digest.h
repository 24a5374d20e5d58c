/*
 * Digests as image registries write them: "sha256:" and 64 hexadecimal digits in lower case. A struct digest
 * has always passed digest_parse() or digest_of_sum(), so that its digits may become the name of a file.
 * Source: OCI image specification 1.1, descriptor.md, "Digests".
 */
#ifndef LXCBOX_FETCH_REGISTRY_DIGEST_H
#define LXCBOX_FETCH_REGISTRY_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

#define DIGEST_SUM_SIZE 32 /* bytes of a SHA-256 */

struct digest {
    char text[sizeof("sha256:") + 2 * DIGEST_SUM_SIZE]; /* "": no digest */
};

/*
 * `what` names what has the digest, for errors. Returns 0, or with `err` filled: -ENOTSUP for another
 * algorithm, which is named, -EINVAL for what is not a digest. `text` may be NULL.
 */
int digest_parse(const char *what, const char *text, struct digest *out, struct error *err);

struct digest digest_of_sum(const unsigned char sum[static DIGEST_SUM_SIZE]);
struct digest digest_of_bytes(const void *bytes, size_t length);

bool digest_equal(const struct digest *a, const struct digest *b);

/* The digits after "sha256:", as the name of a file. */
const char *digest_hex(const struct digest *d);

#endif
