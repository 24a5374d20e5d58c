/*
 * The data for an error message about a certificate that BearSSL rejected, and the one check that BearSSL
 * does not do: whether the certificate is for an IP address. A small DER reader. Source: RFC 5280 4.1,
 * 4.2.1.6; X.690.
 */
#ifndef LXCBOX_FETCH_HTTP_CERTIFICATE_H
#define LXCBOX_FETCH_HTTP_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct certificate {
    int64_t not_before, not_after; /* seconds since 1970 */
    char names[160];               /* "a.example, b.example"; truncated at a whole name; "": none */
    bool has_address;              /* the requested address is among its alternative names */
};

/*
 * Parse a DER certificate. `address` (4 or 16 bytes, or NULL) is searched among its iPAddress names. 0, or
 * -EBADMSG if it is not a certificate.
 */
int certificate_read(const unsigned char *der, size_t length, const unsigned char *address,
                     size_t address_length, struct certificate *out);

/* Whether it is valid at `now`. */
bool certificate_in_time(const struct certificate *c, int64_t now);

/*
 * Fill `err` with the reason why a certificate is not valid at `now`: expired, not valid yet, or, if `now` is
 * before the release of this program, a wrong clock. Returns -EKEYEXPIRED.
 */
int certificate_explain_time(const char *host, const struct certificate *c, int64_t now, struct error *err);

#endif
