/*
 * The user's credentials for registries, in the files of podman and docker. Source: containers-auth.json(5),
 * and "docker login" for config.json.
 */
#ifndef LXCBOX_FETCH_REGISTRY_CREDENTIALS_H
#define LXCBOX_FETCH_REGISTRY_CREDENTIALS_H

#include <stddef.h>

#include "core/base/error.h"

/* All NULL: none. Owned by the struct. */
struct credentials {
    char *user, *password;
    char *identity_token; /* a refresh token that `docker login` keeps instead of a password */
};

#define cleanup_credentials __attribute__((cleanup(credentials_free)))

/* Erases the texts from memory. */
void credentials_free(struct credentials *c);

/*
 * Find the credentials for an image `path` of the registry `host` ("docker.io", "localhost:5000") in the text
 * of a file named `file`. Of the entries HOST/a/b, HOST/a and HOST, the longest that the image begins with is
 * used. Returns 1 with *out filled, 0 if the file has none, or a negative errno with `err` filled: -EBADMSG
 * for a malformed file, -ENOTSUP if the credentials are kept by a helper program, which is named, -ENOMEM.
 */
int credentials_parse(const char *file, const void *bytes, size_t length, const char *host, const char *path,
                      struct credentials *out, struct error *err);

/*
 * The same in the first file that has credentials for the image: $REGISTRY_AUTH_FILE,
 * $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json, ~/.docker/config.json. If the first
 * variable is set, its file must exist and is the only one.
 */
int credentials_load(const char *host, const char *path, struct credentials *out, struct error *err);

#endif
