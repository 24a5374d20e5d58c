#include "fetch/http/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "fetch/http/roots.h"

#define PEM_MAX (8 * 1024 * 1024)

static void trust_free_anchor(br_x509_trust_anchor *a)
{
    free(a->dn.data);
    if (a->pkey.key_type == BR_KEYTYPE_RSA) {
        free(a->pkey.key.rsa.n);
        free(a->pkey.key.rsa.e);
    } else if (a->pkey.key_type == BR_KEYTYPE_EC) {
        free(a->pkey.key.ec.q);
    }
}

void trust_free(struct trust *t)
{
    if (!t->table)
        for (size_t i = 0; i < t->count; i++)
            trust_free_anchor(&t->own[i]);
    free(t->own);
    free(t->table);
    free(t->file);
    memset(t, 0, sizeof(*t));
}

struct reader {
    br_x509_decoder_context decoder;
    struct strbuf subject;
    bool failed; /* out of memory */
};

static void trust_add_subject(void *context, const void *bytes, size_t length)
{
    struct reader *reader = context;

    if (strbuf_add(&reader->subject, bytes, length) < 0)
        reader->failed = true;
}

static void trust_add_bytes(void *context, const void *bytes, size_t length)
{
    struct reader *reader = context;

    br_x509_decoder_push(&reader->decoder, bytes, length);
}

static unsigned char *trust_copy(const unsigned char *bytes, size_t length)
{
    unsigned char *out = malloc(length ? length : 1);

    if (out)
        memcpy(out, bytes, length);
    return out;
}

/* Add the decoded certificate as an anchor. 0 (also if its key type is not supported) or -ENOMEM. */
static int trust_add_anchor(struct trust *t, struct reader *reader)
{
    const br_x509_pkey *key = br_x509_decoder_get_pkey(&reader->decoder);
    br_x509_trust_anchor a = {0}, *grown;

    if (reader->failed)
        return -ENOMEM;
    if (!key || (key->key_type != BR_KEYTYPE_RSA && key->key_type != BR_KEYTYPE_EC))
        return 0;
    grown = realloc(t->own, (t->count + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    t->own = grown;
    t->anchors = grown;
    a.flags = br_x509_decoder_isCA(&reader->decoder) ? BR_X509_TA_CA : 0;
    a.dn.len = reader->subject.length;
    a.dn.data = trust_copy((const unsigned char *)strbuf_text(&reader->subject), reader->subject.length);
    a.pkey = *key;
    if (key->key_type == BR_KEYTYPE_RSA) {
        a.pkey.key.rsa.n = trust_copy(key->key.rsa.n, key->key.rsa.nlen);
        a.pkey.key.rsa.e = trust_copy(key->key.rsa.e, key->key.rsa.elen);
    } else {
        a.pkey.key.ec.q = trust_copy(key->key.ec.q, key->key.ec.qlen);
    }
    t->own[t->count++] = a;
    if (!a.dn.data ||
        (key->key_type == BR_KEYTYPE_RSA ? !a.pkey.key.rsa.n || !a.pkey.key.rsa.e : !a.pkey.key.ec.q))
        return -ENOMEM;
    return 0;
}

/* Handle one event of the PEM decoder. */
static int trust_on_event(br_pem_decoder_context *pem, struct trust *t, struct reader *reader, bool *inside)
{
    int event = br_pem_decoder_event(pem), r = 0;

    if (event == BR_PEM_BEGIN_OBJ) {
        const char *name = br_pem_decoder_name(pem);

        *inside = strcmp(name, "CERTIFICATE") == 0 || strcmp(name, "X509 CERTIFICATE") == 0 ||
                  strcmp(name, "TRUSTED CERTIFICATE") == 0;
        strbuf_free(&reader->subject);
        reader->failed = false;
        br_x509_decoder_init(&reader->decoder, trust_add_subject, reader);
        br_pem_decoder_setdest(pem, *inside ? trust_add_bytes : NULL, reader);
    } else if (event == BR_PEM_END_OBJ && *inside) {
        r = trust_add_anchor(t, reader);
        *inside = false;
    } else if (event == BR_PEM_ERROR) {
        *inside = false;
    }
    return r;
}

int trust_parse(const char *pem, size_t length, const char *name, struct trust *out, struct error *err)
{
    cleanup_trust struct trust t = {0};
    br_pem_decoder_context decoder;
    struct reader reader = {.failed = false};
    bool inside = false;
    int r = 0;

    br_pem_decoder_init(&decoder);
    while (length > 0 && !r) {
        size_t n = br_pem_decoder_push(&decoder, pem, length);

        pem += n;
        length -= n;
        r = trust_on_event(&decoder, &t, &reader, &inside);
    }
    if (!r && inside) /* a last line without a newline */
        if (br_pem_decoder_push(&decoder, "\n", 1) == 1)
            r = trust_on_event(&decoder, &t, &reader, &inside);
    strbuf_free(&reader.subject);
    t.file = strdup(name);
    if (r || !t.file)
        return error_set(err, ENOMEM, "cannot read certificates from %s", name);
    if (t.count == 0) {
        error_text(err, EBADMSG, "there is no certificate of an authority in %s", name);
        return error_remedy(err, "it must be a PEM file, with lines \"-----BEGIN CERTIFICATE-----\"");
    }
    *out = t;
    memset(&t, 0, sizeof(t));
    return 0;
}

/* One field of the table of roots; it points into the table. */
static unsigned char *trust_take_field(unsigned char **at, size_t *length)
{
    unsigned char *bytes = *at + 2;

    *length = (size_t)bytes[-2] << 8 | bytes[-1];
    *at = bytes + *length;
    return bytes;
}

/* 31: in zlib, the largest window and a gzip header. */
static bool trust_expand_roots(unsigned char *out)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)roots,
                  .avail_in = (unsigned)roots_size,
                  .next_out = out,
                  .avail_out = (unsigned)roots_whole};
    bool whole = inflateInit2(&z, 31) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;

    inflateEnd(&z);
    return whole;
}

/* The length of an uncompressed point identifies its curve (SEC 1, 2.3.3). */
static int trust_curve(size_t length)
{
    return length == 65 ? BR_EC_secp256r1 : length == 97 ? BR_EC_secp384r1 : BR_EC_secp521r1;
}

static int trust_load_built_in(struct trust *out, struct error *err)
{
    cleanup_trust struct trust t = {.table = malloc(roots_whole)};

    if (!t.table || !trust_expand_roots(t.table))
        return error_set(err, ENOMEM, "cannot load the certificate authorities");
    for (unsigned char *at = t.table; at < t.table + roots_whole;) {
        br_x509_trust_anchor a = {.flags = BR_X509_TA_CA}, *own = realloc(t.own, (t.count + 1) * sizeof(a));

        if (!own)
            return error_set(err, ENOMEM, "cannot load the certificate authorities");
        a.dn.data = trust_take_field(&at, &a.dn.len);
        if (*at++ == 1) {
            a.pkey.key_type = BR_KEYTYPE_RSA;
            a.pkey.key.rsa.n = trust_take_field(&at, &a.pkey.key.rsa.nlen);
            a.pkey.key.rsa.e = trust_take_field(&at, &a.pkey.key.rsa.elen);
        } else {
            a.pkey.key_type = BR_KEYTYPE_EC;
            a.pkey.key.ec.q = trust_take_field(&at, &a.pkey.key.ec.qlen);
            a.pkey.key.ec.curve = trust_curve(a.pkey.key.ec.qlen);
        }
        t.own = own;
        own[t.count++] = a;
    }
    t.anchors = t.own;
    *out = t;
    memset(&t, 0, sizeof(t));
    return 0;
}

int trust_load(const char *ca_file, struct trust *out, struct error *err)
{
    const char *variable = getenv("SSL_CERT_FILE");
    cleanup_free char *pem = NULL;
    size_t length;
    int r;

    if (!ca_file && variable && *variable)
        ca_file = variable;
    if (!ca_file)
        return trust_load_built_in(out, err);
    r = file_read(AT_FDCWD, ca_file, PEM_MAX, &pem, &length);
    if (r) {
        error_set(err, r, "cannot read the certificates to trust from %s", ca_file);
        return error_remedy(err, ca_file == variable ? "check SSL_CERT_FILE" : "check --ca-file");
    }
    return trust_parse(pem, length, ca_file, out, err);
}
