/*
 * TLS 1.2 as a client, by BearSSL: ECDHE with RSA or ECDSA certificates; AES-GCM and ChaCha20-Poly1305. The
 * chain must end at an authority of `trust`, the certificate must be for the host and valid now. A host given
 * as an IP address must be an address in the certificate. With trust->any nothing of this is checked. Source:
 * RFC 5246, 6125; BearSSL's headers.
 */
#ifndef LXCBOX_FETCH_HTTP_TLS_H
#define LXCBOX_FETCH_HTTP_TLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "fetch/http/socket.h"
#include "fetch/http/trust.h"

struct tls;

/*
 * Do the handshake over a connected non-blocking socket, which the caller still owns. `trust`, `pace` and
 * `peer` (for errors) must outlive the connection. Errors: -EKEYREJECTED or -EKEYEXPIRED for the certificate,
 * -EPROTO if the two sides have no version or cipher in common, and those of socket_read and socket_write.
 */
int tls_open(int fd, const char *host, const struct trust *trust, struct socket_pace *pace, const char *peer,
             struct tls **out, struct error *err);

/* Read some bytes; 0 after an orderly close by the peer. The end of the stream without one is -ECONNRESET,
 * because data may be missing. */
ssize_t tls_read(struct tls *t, void *bytes, size_t size, struct error *err);

int tls_write(struct tls *t, const void *bytes, size_t length, struct error *err);

/* Free it, after a close message if that can be sent without waiting. `t` may be NULL. */
void tls_close(struct tls *t);

/* Fill `err` for a failure of the BearSSL engine (BR_ERR_*); see tls.c. Returns a negative errno. */
struct tls_failure {
    const char *host;
    unsigned engine;         /* br_ssl_engine_last_error() */
    const char *authorities; /* file of the authorities; NULL: built in */
    const char *names;       /* names in the certificate; "": none */
};
int tls_explain(const struct tls_failure *f, struct error *err);

#endif
