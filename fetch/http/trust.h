/* The certificate authorities to trust: those built in (fetch/http/roots.h), or those of a PEM file. */
#ifndef LXCBOX_FETCH_HTTP_TRUST_H
#define LXCBOX_FETCH_HTTP_TRUST_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

struct trust {
    const br_x509_trust_anchor *anchors;
    size_t count;
    bool any;                  /* accept every certificate; the connection is encrypted, its end is unknown */
    char *file;                /* file they were read from; NULL: built in */
    br_x509_trust_anchor *own; /* the memory of `anchors` */
    unsigned char *table;      /* the table that built-in anchors point into */
};

#define cleanup_trust __attribute__((cleanup(trust_free)))
void trust_free(struct trust *t);

/*
 * Load the authorities in `ca_file`; if NULL, those in the file SSL_CERT_FILE, else the built-in ones.
 * Certificates with keys of an unsupported type (Ed25519) are ignored; a file without any other certificate
 * is an error.
 */
int trust_load(const char *ca_file, struct trust *out, struct error *err);

/* The same for PEM bytes; `name` is for errors. */
int trust_parse(const char *pem, size_t length, const char *name, struct trust *out, struct error *err);

#endif
