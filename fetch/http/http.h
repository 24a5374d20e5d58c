/*
 * Files from web servers by HTTP/1.1, with redirects and, for slow or unreliable networks, retries and
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
#include "fetch/http/socket.h"
#include "fetch/http/url.h"

struct http_options {
    const char *ca_file;  /* see trust_load */
    bool any_certificate; /* accept every certificate: only on the user's explicit request */
    int connect_timeout_ms, idle_timeout_ms; /* 0: 30 s */
    unsigned attempts;                       /* tries in a row before giving up, each with less than
                                                SOCKET_PROGRESS bytes received; 0: three */
};

struct http; /* a client; keeps the last connection for the next file from the same server */

#define cleanup_http __attribute__((cleanup(http_free)))
int http_new(const struct http_options *options, struct http **out, struct error *err);
void http_free(struct http **h);

/* Where to resume a file whose beginning exists. */
struct http_resume {
    uint64_t offset;
    const char *validator; /* of http_file at that time; NULL: unknown */
};

/* A file being downloaded; one at a time for each client. */
struct http_file {
    uint64_t offset; /* position of the first byte that http_read returns: that of `resume`, or 0 if the
                        server has another file now or cannot resume */
    uint64_t total;  /* size of the whole file, or HTTP_LENGTH_UNKNOWN */
    char *validator; /* strong ETag or Last-Modified; NULL: none */
    const struct http_head *head; /* of the response; valid until http_close */
    struct http_body *body;
};

/* What to request, beside the URL. Zeroed: the whole file, as whatever the server sends. */
struct http_request {
    const struct http_resume *resume; /* NULL: from the beginning */
    const char *accept;               /* value of an Accept header; NULL: anything */
    /* Value of an Authorization header; NULL: none. A redirect to another server does not get it. */
    const char *authorization;
    const char *form; /* POST this application/x-www-form-urlencoded body; redirects are refused; NULL: GET */
    bool head_only;   /* HEAD: no body */
    bool any_status;  /* a response with a status of 4xx is returned, in out->head, with its body */
};

#define cleanup_http_file __attribute__((cleanup(http_close)))

/*
 * Request a file. `resume` may be NULL. Errors: -ENOENT if it does not exist (404), -EACCES if access is
 * denied, -EREMOTEIO for an internal failure of the server, else those of url.h, socket.h and tls.h.
 */
int http_open(struct http *h, const struct url *u, const struct http_resume *resume, struct http_file *out,
              struct error *err);

/* The same, with more to say to the server. The texts of `request` need not outlive the call. */
int http_send(struct http *h, const struct url *u, const struct http_request *request, struct http_file *out,
              struct error *err);

/*
 * Read the next bytes, valid until the next call. Returns their number, 0 at the end, or a negative errno.
 * After a broken connection the file is resumed, unless it has changed on the server (-ESTALE).
 */
ssize_t http_read(struct http_file *f, const void **bytes, struct error *err);

/*
 * Append what is left of a file, at most until `out` has `max` bytes. 0, -EFBIG if there is more, -ENOMEM, or
 * as http_read; `err` is filled.
 */
int http_read_rest(struct http_file *f, size_t max, struct strbuf *out, struct error *err);

/* May be called before the end, and for a zeroed file. */
void http_close(struct http_file *f);

/* Download a whole small file of at most `max` bytes into `out`. 0, -EFBIG, or as above. */
int http_get(struct http *h, const struct url *u, size_t max, struct strbuf *out, struct error *err);

#endif
