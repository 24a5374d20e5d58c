#include "fetch/http/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "fetch/http/certificate.h"
#include "fetch/http/socket.h"
#include "fetch/http/url.h"

#define CERTIFICATE_MAX 16384

/*
 * Between the engine and the validator of BearSSL: passes all data on, and parses each certificate for error
 * messages and the address check.
 */
struct watcher {
    const br_x509_class *vtable; /* must be first: BearSSL passes a pointer to it */
    br_x509_minimal_context *inner;
    bool any;                         /* as in struct trust */
    br_x509_decoder_context leaf_key; /* with `any`: the key of the server, whatever the validator says */
    int64_t now;
    unsigned char address[16];
    size_t address_length;             /* 0: the host is a name, checked by the validator */
    unsigned seen;                     /* certificates so far */
    size_t have;                       /* bytes stored of the current one */
    bool cut;                          /* it is longer than the buffer */
    struct certificate leaf, untimely; /* that of the server; the first one that is not valid now */
    unsigned char bytes[CERTIFICATE_MAX];
};

struct tls {
    br_ssl_client_context client;
    br_x509_minimal_context x509;
    struct watcher watcher;
    const struct trust *trust;
    const char *peer;
    char *host;
    int fd;
    struct socket_pace *pace;
    bool heard;  /* a byte of the peer was received */
    int io_code; /* of a failure of the socket, after which the engine is not used again */
    unsigned char buffer[BR_SSL_BUFSIZE_BIDI];
};

static void tls_watch_chain(const br_x509_class **context, const char *name)
{
    struct watcher *w = (struct watcher *)(void *)context;

    w->seen = 0;
    w->inner->vtable->start_chain(&w->inner->vtable, w->address_length ? NULL : name);
}

static void tls_watch_start(const br_x509_class **context, uint32_t length)
{
    struct watcher *w = (struct watcher *)(void *)context;

    w->have = 0;
    w->cut = false;
    if (w->any && w->seen == 0)
        br_x509_decoder_init(&w->leaf_key, NULL, NULL);
    w->inner->vtable->start_cert(&w->inner->vtable, length);
}

static void tls_watch_append(const br_x509_class **context, const unsigned char *bytes, size_t length)
{
    struct watcher *w = (struct watcher *)(void *)context;

    if (length < sizeof(w->bytes) - w->have) {
        memcpy(w->bytes + w->have, bytes, length);
        w->have += length;
    } else {
        w->have = sizeof(w->bytes) - 1; /* too large to be parsed */
        w->cut = true;
    }
    if (w->any && w->seen == 0)
        br_x509_decoder_push(&w->leaf_key, bytes, length);
    w->inner->vtable->append(&w->inner->vtable, bytes, length);
}

static void tls_watch_end(const br_x509_class **context)
{
    struct watcher *w = (struct watcher *)(void *)context;
    struct certificate c = {0};
    const unsigned char *address = w->address_length ? w->address : NULL;
    bool whole = !w->cut && certificate_read(w->bytes, w->have, address, w->address_length, &c) == 0;

    if (w->seen++ == 0)
        w->leaf = c;
    if (whole && !certificate_in_time(&c, w->now) && !w->untimely.not_after)
        w->untimely = c;
    w->inner->vtable->end_cert(&w->inner->vtable);
}

static unsigned tls_watch_result(const br_x509_class **context)
{
    struct watcher *w = (struct watcher *)(void *)context;
    unsigned failed = w->inner->vtable->end_chain(&w->inner->vtable);

    if (!failed && w->address_length && !w->leaf.has_address)
        failed = BR_ERR_X509_BAD_SERVER_NAME;
    return failed && w->any && br_x509_decoder_get_pkey(&w->leaf_key) ? 0 : failed;
}

static const br_x509_pkey *tls_watch_key(const br_x509_class *const *context, unsigned *usages)
{
    struct watcher *w = (struct watcher *)(uintptr_t)(const void *)context;

    if (w->any) {
        if (usages)
            *usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;
        return br_x509_decoder_get_pkey(&w->leaf_key);
    }
    return w->inner->vtable->get_pkey(&w->inner->vtable, usages);
}

static const br_x509_class watcher_class = {
    sizeof(struct watcher), tls_watch_chain,  tls_watch_start, tls_watch_append,
    tls_watch_end,          tls_watch_result, tls_watch_key,
};

static void tls_watcher_begin(struct tls *t, const char *host)
{
    struct watcher *w = &t->watcher;
    uint64_t now;

    w->vtable = &watcher_class;
    w->inner = &t->x509;
    w->any = t->trust->any;
    w->now = time(NULL);
    now = w->now < 0 ? 0 : (uint64_t)w->now;
    /* BearSSL counts days from the year 0; 719528 are the days until 1970. */
    br_x509_minimal_set_time(&t->x509, (uint32_t)(now / 86400 + 719528), (uint32_t)(now % 86400));
    if (inet_pton(AF_INET, host, w->address) == 1)
        w->address_length = 4;
    else if (inet_pton(AF_INET6, host, w->address) == 1)
        w->address_length = 16;
}

/*
 * The algorithms, instead of those of br_ssl_client_init_full: no CBC, CCM, 3DES, static RSA, SHA-1, TLS 1.0,
 * which saves their code. AES is preferred if the processor supports it, else ChaCha20, which is then several
 * times faster.
 */
static void tls_choose_algorithms(struct tls *t)
{
    static const uint16_t suites[] = {
        BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,       BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,       BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,       BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,       BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    };
    static const struct {
        int id;
        const br_hash_class *hash;
    } hashes[] = {{br_sha256_ID, &br_sha256_vtable},
                  {br_sha384_ID, &br_sha384_vtable},
                  {br_sha512_ID, &br_sha512_vtable}};
    br_ssl_engine_context *engine = &t->client.eng;
    bool aes = br_aes_x86ni_ctr_get_vtable() != NULL;

    br_ssl_client_zero(&t->client);
    br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(engine, aes ? suites : suites + 4, 6);
    br_ssl_client_set_default_rsapub(&t->client);
    br_ssl_engine_set_default_rsavrfy(engine);
    /* One implementation of all three NIST curves: slower by some milliseconds per handshake than the two for
     * single curves, and 12 KB smaller. */
    br_ssl_engine_set_ec(engine, &br_ec_prime_i31);
    br_ssl_engine_set_ecdsa(engine, &br_ecdsa_i31_vrfy_asn1);
    br_x509_minimal_init(&t->x509, &br_sha256_vtable, t->trust->anchors, t->trust->count);
    br_x509_minimal_set_rsa(&t->x509, br_ssl_engine_get_rsavrfy(engine));
    br_x509_minimal_set_ecdsa(&t->x509, br_ssl_engine_get_ec(engine), br_ssl_engine_get_ecdsa(engine));
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        br_ssl_engine_set_hash(engine, hashes[i].id, hashes[i].hash);
        br_x509_minimal_set_hash(&t->x509, hashes[i].id, hashes[i].hash);
    }
    br_ssl_engine_set_prf_sha256(engine, &br_tls12_sha256_prf);
    br_ssl_engine_set_prf_sha384(engine, &br_tls12_sha384_prf);
    br_ssl_engine_set_default_aes_gcm(engine);
    br_ssl_engine_set_default_chapol(engine);
    br_ssl_engine_set_x509(engine, &t->watcher.vtable);
    br_ssl_engine_set_buffer(engine, t->buffer, sizeof(t->buffer), 1);
}

/* Alerts of the peer (RFC 5246 7.2.2) that mean "no version or cipher in common". */
static bool tls_is_no_common_version(unsigned engine)
{
    switch (engine) {
    case BR_ERR_UNSUPPORTED_VERSION:
    case BR_ERR_BAD_VERSION:
    case BR_ERR_BAD_CIPHER_SUITE:
    case BR_ERR_INVALID_ALGORITHM:
    case BR_ERR_RECV_FATAL_ALERT + 40: /* handshake_failure */
    case BR_ERR_RECV_FATAL_ALERT + 70: /* protocol_version */
    case BR_ERR_RECV_FATAL_ALERT + 71: /* insufficient_security */
        return true;
    default:
        return false;
    }
}

int tls_explain(const struct tls_failure *f, struct error *err)
{
    if (f->engine == BR_ERR_X509_NOT_TRUSTED) {
        if (f->authorities)
            error_text(err, EKEYREJECTED, "the certificate of %s is not from an authority in %s", f->host,
                       f->authorities);
        else
            error_text(err, EKEYREJECTED, "the certificate of %s is from an unknown authority", f->host);
        error_remedy(err,
                     "if you trust it, give a PEM file with its authority by --ca-file or SSL_CERT_FILE");
        return -EKEYREJECTED;
    }
    if (f->engine == BR_ERR_X509_BAD_SERVER_NAME) {
        error_text(err, EKEYREJECTED, "the certificate of %s is for %s", f->host,
                   *f->names ? f->names : "no host at all");
        error_remedy(err, "use the name in the certificate; else this may not be the server");
        return -EKEYREJECTED;
    }
    if (f->engine >= 32 && f->engine < 64) {
        error_text(err, EKEYREJECTED, "the certificate of %s cannot be verified: %s (BearSSL's error %u)",
                   f->host,
                   f->engine == BR_ERR_X509_BAD_SIGNATURE ? "a signature is wrong"
                                                          : "it is malformed or of an unknown kind",
                   f->engine);
        error_remedy(err, "the server needs another certificate");
        return -EKEYREJECTED;
    }
    if (tls_is_no_common_version(f->engine)) {
        error_text(err, EPROTO, "%s and lxcbox have no TLS version or cipher in common", f->host);
        error_remedy(
            err, "the server must speak TLS 1.2 with ECDHE and AES-GCM or ChaCha20-Poly1305 on that port");
        return -EPROTO;
    }
    if (f->engine == BR_ERR_NO_RANDOM)
        return error_text(err, EIO, "cannot get random bytes from the kernel for a TLS connection");
    if (f->engine >= BR_ERR_RECV_FATAL_ALERT && f->engine < BR_ERR_SEND_FATAL_ALERT)
        return error_text(err, EPROTO, "%s ended the TLS connection with alert %u", f->host,
                          f->engine - BR_ERR_RECV_FATAL_ALERT);
    /* Probably damaged in transit, so that another try may succeed. */
    return error_text(err, ECONNRESET, "the TLS connection to %s broke (BearSSL's error %u)", f->host,
                      f->engine);
}

/* Fill `err` with the reason why the engine has stopped. */
static int tls_explain_stop(struct tls *t, struct error *err)
{
    unsigned engine = (unsigned)br_ssl_engine_last_error(&t->client.eng);

    if (t->io_code < 0)
        return t->io_code;
    if (engine == BR_ERR_X509_EXPIRED)
        return certificate_explain_time(t->host, &t->watcher.untimely, t->watcher.now, err);
    if (engine == BR_ERR_OK)
        return error_text(err, ECONNRESET, "%s closed the connection", t->peer);
    return tls_explain(&(struct tls_failure){t->host, engine, t->trust->file, t->watcher.leaf.names}, err);
}

/* A record begins with its type (RFC 5246 6.2.1); other protocols' first bytes are letters. */
static bool tls_is_record(unsigned char first)
{
    return first >= 20 && first <= 23;
}

static int tls_explain_no_tls(const char *host, struct error *err)
{
    error_text(err, EPROTO, "the program that listens at %s does not use TLS", host);
    error_remedy(err, "check the port; http:// before the name of the server allows a server without TLS");
    return -EPROTO;
}

/*
 * Run the engine until one of the states in `target` is reached. Returns 0; 1 after an orderly close by the
 * peer; or a negative errno.
 */
static int tls_run_until(struct tls *t, unsigned target, struct error *err)
{
    br_ssl_engine_context *engine = &t->client.eng;

    for (;;) {
        unsigned state = br_ssl_engine_current_state(engine);
        unsigned char *bytes;
        size_t length;
        ssize_t n;

        if (state & BR_SSL_CLOSED)
            return br_ssl_engine_last_error(engine) == BR_ERR_OK ? 1 : tls_explain_stop(t, err);
        if (state & BR_SSL_SENDREC) {
            bytes = br_ssl_engine_sendrec_buf(engine, &length);
            n = socket_write(t->fd, bytes, length, t->pace, t->peer, err);
            if (n < 0)
                return t->io_code = (int)n;
            br_ssl_engine_sendrec_ack(engine, length);
        } else if (state & target) {
            return 0;
        } else if (state & BR_SSL_RECVREC) {
            bytes = br_ssl_engine_recvrec_buf(engine, &length);
            n = socket_read(t->fd, bytes, length, t->pace, t->peer, err);
            if (n == 0)
                n = error_text(err, ECONNRESET, "%s interrupted the connection", t->peer);
            if (n < 0)
                return t->io_code = (int)n;
            if (!t->heard && !tls_is_record(bytes[0]))
                return t->io_code = tls_explain_no_tls(t->host, err);
            t->heard = true;
            br_ssl_engine_recvrec_ack(engine, (size_t)n);
        } else if (state & BR_SSL_RECVAPP) { /* the peer sends data before the request is complete */
            return error_text(err, EPROTO, "%s sent a response before the request", t->peer);
        } else {
            br_ssl_engine_flush(engine, 0);
        }
    }
}

int tls_open(int fd, const char *host, const struct trust *trust, struct socket_pace *pace, const char *peer,
             struct tls **out, struct error *err)
{
    struct tls *t = calloc(1, sizeof(*t));
    unsigned char seed[32];
    int r;

    if (!t || !(t->host = strdup(host))) {
        free(t);
        return error_set(err, ENOMEM, "cannot start TLS with %s", host);
    }
    t->trust = trust;
    t->peer = peer;
    t->fd = fd;
    t->pace = pace;
    tls_choose_algorithms(t);
    tls_watcher_begin(t, host);
    /* BearSSL reads /dev/urandom by itself; a system without /dev has getrandom(2). */
    if (getrandom(seed, sizeof(seed), 0) == (ssize_t)sizeof(seed))
        br_ssl_engine_inject_entropy(&t->client.eng, seed, sizeof(seed));
    if (!br_ssl_client_reset(&t->client, t->watcher.address_length ? NULL : host, 0))
        r = tls_explain_stop(t, err);
    else
        r = tls_run_until(t, BR_SSL_SENDAPP, err);
    if (r) {
        if (r > 0)
            r = error_text(err, ECONNRESET, "%s closed the connection", peer);
        tls_close(t);
        return r;
    }
    *out = t;
    return 0;
}

ssize_t tls_read(struct tls *t, void *bytes, size_t size, struct error *err)
{
    int r = tls_run_until(t, BR_SSL_RECVAPP, err);
    unsigned char *from;
    size_t length;

    if (r)
        return r > 0 ? 0 : r;
    from = br_ssl_engine_recvapp_buf(&t->client.eng, &length);
    if (length > size)
        length = size;
    memcpy(bytes, from, length);
    br_ssl_engine_recvapp_ack(&t->client.eng, length);
    return (ssize_t)length;
}

int tls_write(struct tls *t, const void *bytes, size_t length, struct error *err)
{
    const unsigned char *from = bytes;
    int r = 0;

    while (length > 0 && !r) {
        unsigned char *to;
        size_t room;

        r = tls_run_until(t, BR_SSL_SENDAPP, err);
        if (r)
            break;
        to = br_ssl_engine_sendapp_buf(&t->client.eng, &room);
        if (room > length)
            room = length;
        memcpy(to, from, room);
        br_ssl_engine_sendapp_ack(&t->client.eng, room);
        from += room;
        length -= room;
    }
    if (!r) {
        br_ssl_engine_flush(&t->client.eng, 0);
        r = tls_run_until(t, BR_SSL_SENDAPP | BR_SSL_RECVAPP, err);
    }
    return r > 0 ? error_text(err, ECONNRESET, "%s closed the connection", t->peer) : r;
}

void tls_close(struct tls *t)
{
    if (!t)
        return;
    if (t->io_code == 0 && br_ssl_engine_current_state(&t->client.eng) != BR_SSL_CLOSED) {
        size_t length;
        unsigned char *bytes;

        br_ssl_engine_close(&t->client.eng);
        bytes = br_ssl_engine_sendrec_buf(&t->client.eng, &length);
        if (bytes)
            socket_write(t->fd, bytes, length, &(struct socket_pace){0}, t->peer, NULL);
    }
    free(t->host);
    free(t);
}
