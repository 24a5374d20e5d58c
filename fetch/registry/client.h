/*
 * A registry, seen from one repository of it: manifests, blobs and tags. Logging in, tokens, redirects,
 * limits of requests. Source: OCI distribution specification 1.1; the distribution project's "Token
 * Authentication Specification" and "OAuth2 Token Authentication".
 *
 * Credentials are sent to the registry itself, and to the server of its tokens if that belongs to it (see
 * registry_trusts_realm); never to the hosts that blobs are redirected to.
 */
#ifndef LXCBOX_FETCH_REGISTRY_CLIENT_H
#define LXCBOX_FETCH_REGISTRY_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "fetch/http/http.h"
#include "fetch/registry/credentials.h"
#include "fetch/registry/manifest.h"
#include "fetch/registry/reference.h"

struct registry_options {
    const struct reference *reference;     /* an image of a registry */
    const struct credentials *credentials; /* NULL: none */
    const char
        *mirror;     /* HOST[:PORT] or URL of a server to ask instead; it gets no credentials. NULL: none */
    bool plain_http; /* http:// instead of https:// */
    struct http_options http;
    /* A sentence about a wait; NULL: none is wanted. */
    void (*status)(void *context, const char *sentence);
    void *context;
};

struct registry;

#define cleanup_registry __attribute__((cleanup(registry_close)))

/* Prepare a client; connects on the first request. The options must outlive it. */
int registry_open(const struct registry_options *options, struct registry **out, struct error *err);
void registry_close(struct registry **r);

/*
 * Ask for the digest that a tag has now, without downloading it: registries do not count that. Returns 1 with
 * *out set, 0 if the registry does not say it, or a negative errno with `err` filled: -ENOENT if the tag does
 * not exist, -EACCES.
 */
int registry_resolve(struct registry *r, const char *tag, struct digest *out, struct error *err);

/*
 * Download a manifest or index. `which` is a tag or a digest; what a digest names is verified. *digest is
 * that of the bytes, *media_type what the server states (owned by the caller; NULL: nothing).
 */
int registry_manifest(struct registry *r, const char *which, struct strbuf *bytes, char **media_type,
                      struct digest *digest, struct error *err);

/*
 * Begin to download a blob at `resume`, whose `offset` bytes exist already (the caller verifies the whole). A
 * layer with a URL of its own is taken from there if the registry lacks it, without credentials.
 */
int registry_blob(struct registry *r, const struct descriptor *blob, uint64_t offset, struct http_file *out,
                  struct error *err);

/* Append the names of the repository's tags, at most `max`. */
int registry_tags(struct registry *r, size_t max, struct string_list *out, struct error *err);

/*
 * Whether a password for the registry `host` may go to the server of tokens `realm_host`: the same host, a
 * host below it, what is beside or below the domain of a host "registry.DOMAIN", or auth.docker.io for
 * docker.io.
 */
bool registry_trusts_realm(const char *host, const char *realm_host);

#endif
