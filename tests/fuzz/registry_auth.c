/* The challenge of a registry; and a file of credentials. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "fetch/registry/challenge.h"
#include "fetch/registry/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_challenge struct challenge c = {0};
    cleanup_credentials struct credentials user = {0};
    cleanup_free char *text = strndup((const char *)data, size);
    struct error err = ERROR_INIT;
    int r;

    if (text)
        challenge_parse(text, &c);
    r = credentials_parse("it", data, size, "docker.io", "library/nginx", &user, &err);
    if ((r == 1) != (user.user || user.identity_token) || (user.user && !user.password))
        abort();
    return 0;
}
