/*
 * The WWW-Authenticate header of a registry. Source: RFC 9110, 11.6.1; RFC 6750; the distribution project's
 * "Token Authentication Specification".
 */
#ifndef LXCBOX_FETCH_REGISTRY_CHALLENGE_H
#define LXCBOX_FETCH_REGISTRY_CHALLENGE_H

#include <stdbool.h>

#include "core/base/error.h"

struct challenge {
    bool bearer, basic;            /* which schemes the registry accepts */
    char *realm, *service, *scope; /* of Bearer; NULL: not given. Owned. */
};

#define cleanup_challenge __attribute__((cleanup(challenge_free)))
void challenge_free(struct challenge *c);

/*
 * Add the challenges of one header. Unknown schemes and parameters are skipped. Returns 0, -EPROTO for a
 * malformed header, or -ENOMEM.
 */
int challenge_parse(const char *value, struct challenge *out);

#endif
