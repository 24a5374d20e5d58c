/*
 * Parsing HTTP/1.1 messages: the head of a response, and a body in chunks. Pure functions over bytes. Source:
 * RFC 9110 (semantics), RFC 9112 (messages).
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
    bool encoded;         /* a Content-Encoding that was not requested */
    uint64_t length;      /* Content-Length, or HTTP_LENGTH_UNKNOWN */
    uint64_t range_start; /* from Content-Range; HTTP_LENGTH_UNKNOWN if there is none */
    uint64_t range_total; /* size of the file from Content-Range; HTTP_LENGTH_UNKNOWN if there is none */
    char *location, *etag, *last_modified; /* NULL: none; all texts are owned by the struct */
    char *content_type;                    /* without parameters */
    char *challenges;                      /* WWW-Authenticate; several of them with ", " between */
    char *link;                            /* Link */
    char *digest;                          /* Docker-Content-Digest */
    char *retry_after;                     /* Retry-After */
};

#define cleanup_http_head __attribute__((cleanup(http_head_free)))
void http_head_free(struct http_head *h);

/*
 * The length of the head at the start of `bytes`, including its empty line; 0 if that line has not arrived.
 */
/* Whether bytes can be the beginning of a head: false as soon as the first line is not that of HTTP/1. */
bool http_head_begins(const char *bytes, size_t length);

size_t http_head_length(const char *bytes, size_t length);

/*
 * Parse a whole head. 0, or -EPROTO with `err` filled (a clause to follow the name of the server: "sent ...")
 * if it is not HTTP/1 or its body length is ambiguous.
 */
int http_head_parse(const char *bytes, size_t length, struct http_head *out, struct error *err);

/* Start zeroed. */
struct http_chunks {
    int state;
    uint64_t left;     /* of the current chunk */
    unsigned digits;   /* of its size so far */
    unsigned overhead; /* bytes of framing since the last payload; bounded */
};

/*
 * Take the next part of a chunked body from `bytes`: *used bytes are consumed, the last *payload of them are
 * payload. Returns 1 when the body is complete, 0 to continue with more bytes, -EPROTO for wrong framing.
 */
int http_chunks_next(struct http_chunks *c, const char *bytes, size_t length, size_t *used, size_t *payload);

#endif
