#include "fetch/registry/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/encoding/sha256.h"
#include "core/base/str.h"

#define ALGORITHM   "sha256:"
#define TEXT_LENGTH (sizeof(((struct digest *)0)->text) - 1)

/* The algorithm of a digest as the specification has it: [a-z0-9]+ with single separators "+._-". */
static size_t digest_algorithm_length(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+._-");

    return n > 0 && n < 32 && text[n] == ':' ? n : 0;
}

int digest_parse(const char *what, const char *text, struct digest *out, struct error *err)
{
    size_t algorithm = text ? digest_algorithm_length(text) : 0;

    *out = (struct digest){""};
    if (!text)
        return error_text(err, EINVAL, "%s has no digest", what);
    if (algorithm && !starts_with(text, ALGORITHM)) {
        error_text(err, ENOTSUP, "%s has a digest of the kind \"%.*s\"", what, (int)algorithm, text);
        return error_remedy(err, "only sha256 is supported");
    }
    if (!algorithm || strlen(text) != TEXT_LENGTH ||
        strspn(text + strlen(ALGORITHM), "0123456789abcdef") != TEXT_LENGTH - strlen(ALGORITHM))
        return error_text(err, EINVAL, "%s has a malformed digest: \"%.100s\"", what, text);
    memcpy(out->text, text, TEXT_LENGTH + 1);
    return 0;
}

struct digest digest_of_sum(const unsigned char sum[static DIGEST_SUM_SIZE])
{
    struct digest d = {ALGORITHM};
    char *at = d.text + strlen(ALGORITHM);

    for (size_t i = 0; i < DIGEST_SUM_SIZE; i++) {
        *at++ = "0123456789abcdef"[sum[i] >> 4];
        *at++ = "0123456789abcdef"[sum[i] & 15];
    }
    *at = '\0';
    return d;
}

struct digest digest_of_bytes(const void *bytes, size_t length)
{
    unsigned char sum[DIGEST_SUM_SIZE];
    struct sha256 c;

    sha256_init(&c);
    sha256_update(&c, bytes, length);
    sha256_out(&c, sum);
    return digest_of_sum(sum);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return a->text[0] && strcmp(a->text, b->text) == 0;
}

const char *digest_hex(const struct digest *d)
{
    return d->text + strlen(ALGORITHM);
}
