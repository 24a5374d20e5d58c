/*
 * SHA-256 (FIPS 180-4) of long streams: by the processor's instructions where it has them, which is found at
 * run time (x86: SHA extensions; ARMv8: cryptographic extension), else by BearSSL.
 */
#ifndef LXCBOX_CORE_ENCODING_SHA256_H
#define LXCBOX_CORE_ENCODING_SHA256_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>

#define SHA256_SIZE br_sha256_SIZE /* bytes of a sum */

struct sha256 {
    br_sha256_context context;
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *bytes, size_t length);

/* The sum of all bytes so far; more may follow. */
void sha256_out(const struct sha256 *s, unsigned char out[static SHA256_SIZE]);

/* Whether this processor has instructions for SHA-256 that this build uses. */
bool sha256_is_fast(void);

#endif
