/*
 * Files from web servers by HTTP/1.1, with what a slow or breaking network asks for: redirects, tries,
 * resuming in the middle of a file. Source: RFC 9110, RFC 9112.
 */
#ifndef LXCBOX_FETCH_HTTP_HTTP_H
#define LXCBOX_FETCH_HTTP_HTTP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "fetch/http/http_head.h"
#include "fetch/http/url.h"

struct http_options {
    const char *ca_file;                     /* see trust_load */
    int connect_timeout_ms, idle_timeout_ms; /* 0: 30 s */
    unsigned attempts; /* tries in a row that bring no byte, after which to give up; 0: three */
};

struct http; /* a client; it keeps the last connection for the next file from the same server */

#define cleanup_http __attribute__((cleanup(http_free)))
int http_new(const struct http_options *options, struct http **out, struct error *err);
void http_free(struct http **h);

/* Where to go on with a file of which the beginning is there. */
struct http_resume {
    uint64_t offset;
    const char *validator; /* of http_file then; NULL: unknown */
};

/* A file being read; one at a time for each client. */
struct http_file {
    uint64_t offset; /* where the first byte that http_read gives belongs: resume's, or 0 where the server
                        has another file now or cannot resume */
    uint64_t total;  /* size of the whole file, or HTTP_LENGTH_UNKNOWN */
    char *validator; /* ETag (a strong one) or Last-Modified; NULL without */
    struct http_body *body;
};

#define cleanup_http_file __attribute__((cleanup(http_close)))

/*
 * Ask for a file. `resume` may be NULL. Codes: -ENOENT where the server has none (404), -EACCES where it
 * refuses, else those of url.h, socket.h and tls.h, -EREMOTEIO for a server's own failure.
 */
int http_open(struct http *h, const struct url *u, const struct http_resume *resume, struct http_file *out,
              struct error *err);

/*
 * The next bytes, valid until the next call; their number, 0 at the end, or a negative errno. A connection
 * that breaks is opened again and the file continued, unless the server's file has changed (-ESTALE).
 */
ssize_t http_read(struct http_file *f, const void **bytes, struct error *err);

/* May be called before the end; a zeroed file is fine. */
void http_close(struct http_file *f);

/* A whole small file of at most `max` bytes into `out`. 0, -EFBIG, or as above. */
int http_get(struct http *h, const struct url *u, size_t max, struct strbuf *out, struct error *err);

#endif
