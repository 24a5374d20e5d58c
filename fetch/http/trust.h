/* The certificate authorities to trust: those built in (fetch/http/roots.h), or those of a PEM file. */
#ifndef LXCBOX_FETCH_HTTP_TRUST_H
#define LXCBOX_FETCH_HTTP_TRUST_H

#include <bearssl.h>
#include <stddef.h>

#include "core/base/error.h"

struct trust {
    const br_x509_trust_anchor *anchors;
    size_t count;
    char *file;                /* where they are from; NULL: built in */
    br_x509_trust_anchor *own; /* what `anchors` points to */
    unsigned char *table;      /* what those built in point into */
};

#define cleanup_trust __attribute__((cleanup(trust_free)))
void trust_free(struct trust *t);

/*
 * The authorities of `ca_file`; with NULL those of the file that SSL_CERT_FILE names, else those built in.
 * Certificates in the file whose keys are of a kind that lxcbox does not verify with (Ed25519) are passed
 * over; a file without any other is refused.
 */
int trust_load(const char *ca_file, struct trust *out, struct error *err);

/* The same from PEM bytes; `name` is for errors. */
int trust_parse(const char *pem, size_t length, const char *name, struct trust *out, struct error *err);

#endif
