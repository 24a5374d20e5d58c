/*
 * The parts of an HTTP/1.1 message that need parsing: the head of a response, and a body in chunks. Pure
 * functions over bytes. Source: RFC 9110 (semantics), RFC 9112 (messages).
 */
#ifndef LXCBOX_FETCH_HTTP_HTTP_HEAD_H
#define LXCBOX_FETCH_HTTP_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

#define HTTP_HEAD_MAX       (64 * 1024) /* bytes of a whole head */
#define HTTP_LENGTH_UNKNOWN UINT64_MAX

struct http_head {
    int status;           /* 200 */
    bool keep_alive;      /* the connection serves another request after this body */
    bool chunked;         /* body in chunks; `length` is then unknown */
    bool encoded;         /* a Content-Encoding that we did not ask for */
    uint64_t length;      /* Content-Length, or HTTP_LENGTH_UNKNOWN */
    uint64_t range_start; /* of Content-Range; HTTP_LENGTH_UNKNOWN without one */
    uint64_t
        range_total; /* the whole file's size by Content-Range; HTTP_LENGTH_UNKNOWN where it does not say */
    char *location, *etag, *last_modified; /* NULL without; owned by the struct */
};

#define cleanup_http_head __attribute__((cleanup(http_head_free)))
void http_head_free(struct http_head *h);

/* The length of the head that `bytes` begins with, its empty line included; 0 while that has not come. */
size_t http_head_length(const char *bytes, size_t length);

/*
 * Parse a whole head. 0, or -EPROTO with `err` filled (a clause to follow the server's name: "answers with
 * ...") for what is no HTTP/1 or ambiguous about where the body ends.
 */
int http_head_parse(const char *bytes, size_t length, struct http_head *out, struct error *err);

/* Start zeroed. */
struct http_chunks {
    int state;
    uint64_t left;     /* of the current chunk */
    unsigned digits;   /* of its size, seen so far */
    unsigned overhead; /* bytes of framing since the last payload; bounded */
};

/*
 * Take the next piece of a chunked body from `bytes`: *used bytes are consumed, of which the last *payload
 * are payload. 1 when the body is complete, 0 to go on with more bytes, -EPROTO for bad framing.
 */
int http_chunks_next(struct http_chunks *c, const char *bytes, size_t length, size_t *used, size_t *payload);

#endif
