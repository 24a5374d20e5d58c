/* Certificates, whom to trust, and what is said about a handshake that failed. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "fetch/http/certificate.h"
#include "fetch/http/tls.h"
#include "fetch/http/trust.h"

/* Made by openssl: valid from 2024-02-29 12:00 to 2051-03-01 00:00 (the first as UTCTime, the second as
 * GeneralizedTime), for images.example, *.b.example, 192.0.2.7 and 2001:db8::1. */
static const char server_pem[] = "-----BEGIN CERTIFICATE-----\n"
                                 "MIIBtjCCAV2gAwIBAgIUCSSqWu8OLGwfCIOVey2G+jguELkwCgYIKoZIzj0EAwIw\n"
                                 "HjEcMBoGA1UEAwwTdW5pdCB0ZXN0IGF1dGhvcml0eTAgFw0yNDAyMjkxMjAwMDBa\n"
                                 "GA8yMDUxMDMwMTAwMDAwMFowETEPMA0GA1UEAwwGc2VydmVyMFkwEwYHKoZIzj0C\n"
                                 "AQYIKoZIzj0DAQcDQgAEDA+UFdB+wSHETzZ00CaER3YwjsLd3tmksnGDEncgoINV\n"
                                 "xPGqKIs4qp9T5y2xmVjX9hsCAXuRXCwX+qEA7riOs6OBgzCBgDA+BgNVHREENzA1\n"
                                 "gg5pbWFnZXMuZXhhbXBsZYILKi5iLmV4YW1wbGWHBMAAAgeHECABDbgAAAAAAAAA\n"
                                 "AAAAAAEwHQYDVR0OBBYEFEkEI7jVtHVBBLv5nBqXtMY4o48sMB8GA1UdIwQYMBaA\n"
                                 "FNUtCFgNwOHufqLGnGHT/RPe661CMAoGCCqGSM49BAMCA0cAMEQCIEYtbyJ5P9z7\n"
                                 "bzstED7bVOtyXGozJlyRgwgs6T7uQqaRAiAUe+2LA1Rvk5ffPQECaPVKCEteHz3Z\n"
                                 "QlEHUEoaMnOznA==\n"
                                 "-----END CERTIFICATE-----\n";

static const char authority_pem[] = "-----BEGIN CERTIFICATE-----\n"
                                    "MIIBkDCCATegAwIBAgIULdyT+Ownx9PFBGCqxMjjmqZmE0swCgYIKoZIzj0EAwIw\n"
                                    "HjEcMBoGA1UEAwwTdW5pdCB0ZXN0IGF1dGhvcml0eTAeFw0yNjExMjQwOTIwMzRa\n"
                                    "Fw0yNjEyMjQwOTIwMzRaMB4xHDAaBgNVBAMME3VuaXQgdGVzdCBhdXRob3JpdHkw\n"
                                    "WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATF72nUaD4ye7c22MbVI8/wow626mIR\n"
                                    "8ne9BTcuH2s1FjoU+PRxgxVadk08hH4A+f1zea1TkUa/Cf/Fl4Xb+Jhgo1MwUTAd\n"
                                    "BgNVHQ4EFgQU1S0IWA3A4e5+osacYdP9E97rrUIwHwYDVR0jBBgwFoAU1S0IWA3A\n"
                                    "4e5+osacYdP9E97rrUIwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBE\n"
                                    "AiAqwSEKRh7WglcsqJ9H8bn2t2URMIGT4xnfOH0orJl4ZwIgLux0OfeoOToawoBc\n"
                                    "vkSGDiry1lfjRYHPJEQU9CDw1NY=\n"
                                    "-----END CERTIFICATE-----\n";

static void append(void *to, const void *bytes, size_t length)
{
    assert_int_equal(strbuf_add(to, bytes, length), 0);
}

static void server_der(struct strbuf *der)
{
    br_pem_decoder_context pem;
    const char *at = server_pem;

    br_pem_decoder_init(&pem);
    while (*at) {
        at += br_pem_decoder_push(&pem, at, strlen(at));
        if (br_pem_decoder_event(&pem) == BR_PEM_BEGIN_OBJ)
            br_pem_decoder_setdest(&pem, append, der);
    }
}

static int read_server(const unsigned char *address, size_t length, struct certificate *c)
{
    cleanup_strbuf struct strbuf der = STRBUF_INIT;

    server_der(&der);
    return certificate_read((const unsigned char *)der.text, der.length, address, length, c);
}

static void a_certificate_says_when_and_for_whom(void **state)
{
    struct certificate c;

    (void)state;
    assert_int_equal(read_server(NULL, 0, &c), 0);
    assert_int_equal(c.not_before, 1709208000);
    assert_int_equal(c.not_after, 2561241600);
    assert_string_equal(c.names, "images.example, *.b.example, 192.0.2.7, 2001:db8::1");
    assert_false(c.has_address);
}

static void an_address_must_be_in_the_certificate(void **state)
{
    static const unsigned char four[] = {192, 0, 2, 7}, other[] = {192, 0, 2, 8};
    static const unsigned char six[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    struct certificate c;

    (void)state;
    assert_int_equal(read_server(four, 4, &c), 0);
    assert_true(c.has_address);
    assert_int_equal(read_server(six, 16, &c), 0);
    assert_true(c.has_address);
    assert_int_equal(read_server(other, 4, &c), 0);
    assert_false(c.has_address);
    assert_int_equal(read_server(six, 4, &c), 0); /* the first bytes alone are another address */
    assert_false(c.has_address);
}

static void a_certificate_cut_anywhere_is_no_certificate(void **state)
{
    cleanup_strbuf struct strbuf der = STRBUF_INIT;
    struct certificate c;

    (void)state;
    server_der(&der);
    for (size_t n = 0; n < der.length; n++) {
        cleanup_free unsigned char *part = malloc(n + 1);

        memcpy(part, der.text, n);
        assert_int_equal(certificate_read(part, n, NULL, 0, &c), -EBADMSG);
    }
}

static void a_clock_that_cannot_be_right_is_named(void **state)
{
    struct certificate c = {.not_before = 1790000000, .not_after = 1800000000};
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(certificate_in_time(&c, 60));
    assert_int_equal(certificate_explain_time("images.example", &c, 60, &err), -EKEYEXPIRED);
    assert_string_equal(
        err.text,
        "cannot check the certificate of images.example: the clock reads 1970-01-01, which is too early");
    assert_non_null(strstr(err.remedy, "set the clock"));
}

static void expired_and_not_yet_valid_are_told_apart(void **state)
{
    struct certificate c = {.not_before = 1790000000, .not_after = 1800000000};
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(certificate_in_time(&c, 1790000000));
    assert_true(certificate_in_time(&c, 1800000000));
    assert_false(certificate_in_time(&c, 1800000001));
    certificate_explain_time("h", &c, 1800000001, &err);
    assert_non_null(strstr(err.text, "expired on 2027-01-15"));
    certificate_explain_time("h", &c, 1789999999, &err);
    assert_non_null(strstr(err.text, "not valid before 2026-09-21"));
}

static void failures_become_sentences(void **state)
{
    static const struct {
        struct tls_failure failure;
        const char *says, *remedy;
        int code;
    } cases[] = {
        {{"h", BR_ERR_X509_NOT_TRUSTED, NULL, ""}, "unknown authority", "--ca-file", -EKEYREJECTED},
        {{"h", BR_ERR_X509_NOT_TRUSTED, "/x.pem", ""}, "/x.pem", "--ca-file", -EKEYREJECTED},
        {{"h", BR_ERR_X509_BAD_SERVER_NAME, NULL, "a, b"}, "is for a, b", "use the name", -EKEYREJECTED},
        {{"h", BR_ERR_X509_BAD_SERVER_NAME, NULL, ""}, "no host at all", "use the name", -EKEYREJECTED},
        {{"h", BR_ERR_X509_BAD_SIGNATURE, NULL, ""},
         "signature is wrong",
         "another certificate",
         -EKEYREJECTED},
        {{"h", BR_ERR_RECV_FATAL_ALERT + 40, NULL, ""}, "in common", "TLS 1.2", -EPROTO},
        {{"h", BR_ERR_RECV_FATAL_ALERT + 70, NULL, ""}, "in common", "TLS 1.2", -EPROTO},
        {{"h", BR_ERR_RECV_FATAL_ALERT + 80, NULL, ""}, "alert 80", "", -EPROTO},
        {{"h", BR_ERR_BAD_MAC, NULL, ""}, "broke", "", -ECONNRESET},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error err = ERROR_INIT;

        assert_int_equal(tls_explain(&cases[i].failure, &err), cases[i].code);
        assert_non_null(strstr(err.text, cases[i].says));
        assert_non_null(strstr(err.remedy, cases[i].remedy));
    }
}

static void authorities_are_read_from_pem(void **state)
{
    cleanup_free char *two = format_string("a comment\n%s\n%s", authority_pem, authority_pem);
    cleanup_trust struct trust t = {0}, cut = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(trust_parse(two, strlen(two), "x.pem", &t, &err), 0);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.anchors[0].pkey.key_type, BR_KEYTYPE_EC);
    assert_int_equal(t.anchors[0].flags, BR_X509_TA_CA);
    /* Without its last newline. */
    assert_int_equal(trust_parse(authority_pem, strlen(authority_pem) - 1, "x.pem", &cut, &err), 0);
    assert_int_equal(cut.count, 1);
}

static void a_file_without_authorities_is_refused(void **state)
{
    cleanup_trust struct trust t = {0};
    struct error err = ERROR_INIT;

    (void)state;
    assert_int_equal(trust_parse("", 0, "x.pem", &t, &err), -EBADMSG);
    assert_int_equal(trust_parse(authority_pem, 200, "x.pem", &t, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "x.pem"));
    assert_int_equal(trust_load("/nonexistent/x.pem", &t, &err), -ENOENT);
}

static bool same_anchor(const br_x509_trust_anchor *a, const br_x509_trust_anchor *b)
{
    const br_rsa_public_key *r = &a->pkey.key.rsa, *s = &b->pkey.key.rsa;
    const br_ec_public_key *p = &a->pkey.key.ec, *q = &b->pkey.key.ec;

    if (a->flags != b->flags || a->dn.len != b->dn.len || memcmp(a->dn.data, b->dn.data, a->dn.len) != 0 ||
        a->pkey.key_type != b->pkey.key_type)
        return false;
    if (a->pkey.key_type == BR_KEYTYPE_EC)
        return p->curve == q->curve && p->qlen == q->qlen && memcmp(p->q, q->q, p->qlen) == 0;
    return r->nlen == s->nlen && memcmp(r->n, s->n, r->nlen) == 0 && r->elen == s->elen &&
           memcmp(r->e, s->e, r->elen) == 0;
}

/* The Makefile makes the table from build/gen/roots.pem; tests run at the top of the tree. */
static void the_built_in_authorities_are_those_of_the_pem_file(void **state)
{
    cleanup_trust struct trust built_in = {0}, file = {0};
    struct error err = ERROR_INIT;

    (void)state;
    unsetenv("SSL_CERT_FILE");
    assert_int_equal(trust_load(NULL, &built_in, &err), 0);
    assert_null(built_in.file);
    assert_int_equal(trust_load("build/gen/roots.pem", &file, &err), 0);
    assert_true(built_in.count > 20);
    assert_int_equal(built_in.count, file.count);
    for (size_t i = 0; i < file.count; i++)
        assert_true(same_anchor(&built_in.anchors[i], &file.anchors[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_says_when_and_for_whom),
        cmocka_unit_test(an_address_must_be_in_the_certificate),
        cmocka_unit_test(a_certificate_cut_anywhere_is_no_certificate),
        cmocka_unit_test(a_clock_that_cannot_be_right_is_named),
        cmocka_unit_test(expired_and_not_yet_valid_are_told_apart),
        cmocka_unit_test(failures_become_sentences),
        cmocka_unit_test(authorities_are_read_from_pem),
        cmocka_unit_test(a_file_without_authorities_is_refused),
        cmocka_unit_test(the_built_in_authorities_are_those_of_the_pem_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
