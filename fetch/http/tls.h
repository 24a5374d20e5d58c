/*
 * TLS 1.2 as a client, by BearSSL: ECDHE with RSA or ECDSA certificates; AES-GCM and ChaCha20-Poly1305. The
 * chain must end at an authority of `trust`, the certificate must be for the host and valid now. A host given
 * as an IP address must stand in the certificate as an address. Source: RFC 5246, 6125; BearSSL's headers.
 */
#ifndef LXCBOX_FETCH_HTTP_TLS_H
#define LXCBOX_FETCH_HTTP_TLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "fetch/http/trust.h"

struct tls;

/*
 * Shake hands over a connected non-blocking socket, which stays the caller's. `trust` and `peer` (for errors)
 * must outlive it. Codes: -EKEYREJECTED or -EKEYEXPIRED for the certificate, -EPROTO where the two sides have
 * no version or cipher in common, and those of socket_read and socket_write.
 */
int tls_open(int fd, const char *host, const struct trust *trust, int timeout_ms, const char *peer,
             struct tls **out, struct error *err);

/* Some bytes; 0 once the peer has closed in order. A stream that just ends is -ECONNRESET: it may be cut. */
ssize_t tls_read(struct tls *t, void *bytes, size_t size, struct error *err);

int tls_write(struct tls *t, const void *bytes, size_t length, struct error *err);

/* Free it, with a farewell where that does not wait; NULL is fine. */
void tls_close(struct tls *t);

/* A sentence for a failure of BearSSL's engine (BR_ERR_*); see tls.c. Negative errno. */
struct tls_failure {
    const char *host;
    unsigned engine;         /* br_ssl_engine_last_error() */
    const char *authorities; /* the file they are from, NULL: built in */
    const char *names;       /* that the certificate is for, "" for none */
};
int tls_explain(const struct tls_failure *f, struct error *err);

#endif
