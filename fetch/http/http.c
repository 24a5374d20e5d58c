#include "fetch/http/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "fetch/http/connection.h"
#include "fetch/http/socket.h"
#include "fetch/http/trust.h"

#define REDIRECTS_MAX      10
#define DEFAULT_TIMEOUT_MS 30000
#define DEFAULT_ATTEMPTS   3

struct http {
    struct trust trust;
    struct connection_options options;
    unsigned attempts;
    struct connection *connection; /* NULL: none open */
    size_t begin, end;             /* range of `buffer` that is read and not yet used */
    char buffer[HTTP_HEAD_MAX];
};

struct http_body {
    struct http *http;
    struct url url;
    char *accept, *authorization, *form; /* as in struct http_request */
    bool head_only, any_status;
    struct http_head head;
    struct http_chunks chunks;
    uint64_t left;     /* bytes left of a body with a known length */
    uint64_t position; /* position in the file of the next byte received */
    uint64_t skip;     /* bytes to skip: a server that cannot resume sends them again */
    unsigned failures; /* in a row */
    size_t received;   /* bytes since the last failure */
    bool complete;
};

int http_new(const struct http_options *options, struct http **out, struct error *err)
{
    struct http *h = calloc(1, sizeof(*h));
    int r;

    if (!h)
        return error_set(err, ENOMEM, "cannot start a download");
    r = trust_load(options->ca_file, &h->trust, err);
    if (r) {
        free(h);
        return r;
    }
    h->trust.any = options->any_certificate;
    h->options.trust = &h->trust;
    h->options.connect_timeout_ms =
        options->connect_timeout_ms ? options->connect_timeout_ms : DEFAULT_TIMEOUT_MS;
    h->options.idle_timeout_ms = options->idle_timeout_ms ? options->idle_timeout_ms : DEFAULT_TIMEOUT_MS;
    h->attempts = options->attempts ? options->attempts : DEFAULT_ATTEMPTS;
    *out = h;
    return 0;
}

static void http_disconnect(struct http *h)
{
    connection_close(h->connection);
    h->connection = NULL;
    h->begin = h->end = 0;
}

void http_free(struct http **h)
{
    if (!*h)
        return;
    http_disconnect(*h);
    trust_free(&(*h)->trust);
    free(*h);
    *h = NULL;
}

/* Append more bytes to the buffer, whose size is that of the longest head. Returns the number of bytes, 0 at
 * the end. */
static ssize_t http_read_more(struct http *h, struct error *err)
{
    ssize_t n;

    if (h->begin == h->end)
        h->begin = h->end = 0;
    if (h->begin > 0 && h->end == sizeof(h->buffer)) {
        memmove(h->buffer, h->buffer + h->begin, h->end - h->begin);
        h->end -= h->begin;
        h->begin = 0;
    }
    if (h->end == sizeof(h->buffer))
        return error_text(err, EPROTO, "sent more than %d bytes of headers", HTTP_HEAD_MAX);
    n = connection_read(h->connection, h->buffer + h->end, sizeof(h->buffer) - h->end, err);
    if (n > 0)
        h->end += (size_t)n;
    return n;
}

/* Whether a request to `u` may have the Authorization that is meant for the server of `own`. */
static bool http_is_same_server(const struct url *own, const struct url *u)
{
    return own->https == u->https && own->port == u->port && strcmp(own->host, u->host) == 0;
}

static const char *http_method(const struct http_body *b)
{
    if (b->form)
        return "POST";
    return b->head_only ? "HEAD" : "GET";
}

static int http_send_request(const struct http_body *body, const struct url *u,
                             const struct http_resume *resume, struct error *err)
{
    struct http *h = body->http;
    cleanup_strbuf struct strbuf b = STRBUF_INIT;
    const char *credentials;
    bool proxied = connection_is_proxied(h->connection, &credentials);
    cleanup_free char *authority = url_authority(u), *whole = proxied ? url_text(u) : NULL;
    int r = !authority || (proxied && !whole);

    r = r || strbuf_printf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", http_method(body), proxied ? whole : u->path,
                           authority);
    r = r || strbuf_printf(&b,
                           "User-Agent: lxcbox/" LXCBOX_VERSION " compat:7\r\n"
                           "Accept: %s\r\nAccept-Encoding: identity\r\n",
                           body->accept ? body->accept : "*/*");
    if (body->authorization && http_is_same_server(&body->url, u))
        r = r || strbuf_printf(&b, "Authorization: %s\r\n", body->authorization);
    if (proxied && credentials)
        r = r || strbuf_printf(&b, "Proxy-Authorization: %s\r\n", credentials);
    if (resume && resume->offset) {
        r = r || strbuf_printf(&b, "Range: bytes=%llu-\r\n", (unsigned long long)resume->offset);
        if (resume->validator)
            r = r || strbuf_printf(&b, "If-Range: %s\r\n", resume->validator);
    }
    if (body->form)
        r = r || strbuf_printf(&b,
                               "Content-Type: application/x-www-form-urlencoded\r\n"
                               "Content-Length: %zu\r\n",
                               strlen(body->form));
    if (r || strbuf_puts(&b, "\r\n") || (body->form && strbuf_puts(&b, body->form)))
        return error_set(err, ENOMEM, "cannot request %s", u->path);
    connection_begin(h->connection);
    return connection_write(h->connection, b.text, b.length, err);
}

static int http_explain_no_http(const struct url *u, struct error *err)
{
    error_text(err, EPROTO, "the program that listens at %s port %u does not speak HTTP/1", u->host, u->port);
    return error_remedy(err, "check name and port of the server");
}

/* Read one head, skipping interim responses (1xx). */
static int http_read_head(struct http *h, const struct url *u, struct http_head *head, struct error *err)
{
    for (int interim = 0; interim < 8; interim++) {
        size_t length;
        int r;

        while (!(length = http_head_length(h->buffer + h->begin, h->end - h->begin))) {
            ssize_t n = http_read_more(h, err);

            if (n == -EPROTO && h->end == sizeof(h->buffer))
                return error_context(err, "%s", u->host);
            if (n == 0)
                return error_text(err, ECONNRESET, "%s closed the connection without a response", u->host);
            if (n < 0)
                return (int)n;
            if (!http_head_begins(h->buffer + h->begin, h->end - h->begin))
                return http_explain_no_http(u, err);
        }
        r = http_head_parse(h->buffer + h->begin, length, head, err);
        if (r)
            return error_context(err, "%s", u->host);
        h->begin += length;
        if (head->status / 100 != 1)
            return 0;
        http_head_free(head);
    }
    return error_text(err, EPROTO, "%s sent only interim responses", u->host);
}

/*
 * One request and the head of its response. The server may have closed a kept connection in the meantime,
 * which is not a failure: the request is then sent on a new one.
 */
static int http_exchange(struct http_body *b, const struct url *u, const struct http_resume *resume,
                         struct error *err)
{
    struct http *h = b->http;
    bool kept = h->connection && connection_serves(h->connection, u);
    int r = 0;

    for (;;) {
        if (!kept) {
            http_disconnect(h);
            r = connection_open(u, &h->options, &h->connection, err);
            if (r)
                return r;
        }
        r = http_send_request(b, u, resume, err);
        if (!r)
            r = http_read_head(h, u, &b->head, err);
        if (!r)
            return 0;
        http_disconnect(h);
        if (!kept || r == -ETIMEDOUT || !socket_worth_retry(r))
            return r;
        kept = false;
    }
}

static int http_explain_status(const struct http_head *head, struct error *err)
{
    int status = head->status;

    if (status == 404 || status == 410)
        return error_text(err, ENOENT, "the file does not exist on the server (status %d)", status);
    if (status == 407) {
        error_text(err, EACCES, "the proxy requires a user name and password");
        return error_remedy(err, "set http_proxy=http://NAME:PASSWORD@HOST:PORT");
    }
    if (status == 401 || status == 403)
        return error_text(err, EACCES, "the server denies access (status %d)", status);
    if (status >= 500 || status == 408 || status == 429) {
        error_text(err, EREMOTEIO, "the server reports an internal failure (status %d)", status);
        return error_remedy(err, "try again later, or use another server");
    }
    return error_text(err, EPROTO, "the server responded with status %d", status);
}

/* The body of a redirect or error is not needed; the connection is kept only if there is none. */
static void http_drop_body(struct http *h, const struct http_head *head)
{
    if (!head->keep_alive || head->chunked || head->length > h->end - h->begin)
        http_disconnect(h);
    else
        h->begin += (size_t)head->length;
}

static int http_follow(struct url *u, const struct http_head *head, struct error *err)
{
    struct url next;
    int r;

    if (!head->location)
        return error_text(err, EPROTO, "%s redirects without a location", u->host);
    r = url_join(u, head->location, &next, err);
    if (r)
        return r;
    if (u->https && !next.https) {
        error_text(err, EPROTO, "%s redirects from https to http, which is not protected", u->host);
        url_free(&next);
        return error_remedy(
            err, "use another server; http:// before the name of the server allows unprotected transfers");
    }
    url_free(u);
    *u = next;
    return 0;
}

/* Send requests, following redirects, until `b->head` is the head of the wanted file. */
static int http_request(struct http_body *b, const struct http_resume *resume, struct error *err)
{
    cleanup_url struct url u = {0};

    if (url_copy(&b->url, &u) < 0)
        return error_set(err, ENOMEM, "cannot start a download");
    for (int redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
        int r, status;

        http_head_free(&b->head);
        r = http_exchange(b, &u, resume, err);
        if (r)
            return r;
        status = b->head.status;
        if (status == 200 || (status == 206 && resume) ||
            (status / 100 == 4 && b->any_status && status != 416))
            return 0;
        http_drop_body(b->http, &b->head);
        if (status == 416 && resume) { /* the existing part is longer than the file */
            resume = NULL;
            continue;
        }
        r = status / 100 == 3 && status != 304 && !b->form ? http_follow(&u, &b->head, err)
                                                           : http_explain_status(&b->head, err);
        if (r)
            return r;
    }
    return error_text(err, ELOOP, "%s redirects more than %d times", b->url.host, REDIRECTS_MAX);
}

/* The validator of the file for If-Range; a weak ETag is not allowed (RFC 9110 13.1.5). */
static const char *http_validator(const struct http_head *h)
{
    if (h->etag && !starts_with(h->etag, "W/"))
        return h->etag;
    return h->last_modified;
}

static bool http_is_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static uint64_t http_total(const struct http_head *h)
{
    if (h->status != 206)
        return h->length;
    if (h->range_total != HTTP_LENGTH_UNKNOWN || h->length == HTTP_LENGTH_UNKNOWN)
        return h->range_total;
    return h->range_start + h->length;
}

/* At the start of the body: determine the part that is needed. `have` bytes already exist. */
static int http_begin_body(struct http_body *b, uint64_t have, struct error *err)
{
    struct http_head *head = &b->head;

    if (head->encoded)
        return error_text(err, EPROTO,
                          "the server compresses the file for the transfer although that was not requested");
    if (head->status == 206 && head->range_start != have)
        return error_text(err, EPROTO, "the server sent another part of the file than requested");
    b->chunks = (struct http_chunks){0};
    b->left = head->length;
    b->complete = b->head_only || (!head->chunked && head->length == 0);
    b->position = head->status == 206 ? have : 0;
    return 0;
}

/* A server that restarts needs a moment: one second before the second try, two before the third. */
static void http_wait_before_try(unsigned failures)
{
    struct timespec pause = {failures, 0};

    nanosleep(&pause, NULL);
}

/* After a failure: whether to try again, after a pause. */
static bool http_try_again(struct http_body *b, int code)
{
    http_disconnect(b->http);
    b->received = 0;
    if (!socket_worth_retry(code) || ++b->failures >= b->http->attempts)
        return false;
    http_wait_before_try(b->failures);
    return true;
}

static int http_add_context(const struct http_body *b, struct error *err)
{
    cleanup_free char *text = url_text(&b->url);

    return error_context(err, "cannot download %.300s", text ? text : b->url.host);
}

static int http_first_request(struct http_body *b, const struct http_resume *resume, struct error *err)
{
    for (;;) {
        int r = http_request(b, resume && resume->offset ? resume : NULL, err);

        if (!r)
            r = http_begin_body(b, resume ? resume->offset : 0, err);
        if (!r)
            return 0;
        if (!http_try_again(b, r))
            return r;
    }
}

static int http_body_new(struct http *h, const struct url *u, const struct http_request *request,
                         struct http_body **out)
{
    struct http_body *b = *out = calloc(1, sizeof(*b));

    if (!b || url_copy(u, &b->url) < 0)
        return -ENOMEM;
    b->http = h;
    b->head_only = request->head_only;
    b->any_status = request->any_status;
    if (request->accept && !(b->accept = strdup(request->accept)))
        return -ENOMEM;
    if (request->authorization && !(b->authorization = strdup(request->authorization)))
        return -ENOMEM;
    if (request->form && !(b->form = strdup(request->form)))
        return -ENOMEM;
    return 0;
}

int http_send(struct http *h, const struct url *u, const struct http_request *request, struct http_file *out,
              struct error *err)
{
    cleanup_http_file struct http_file f = {0};
    int r = http_body_new(h, u, request, &f.body);

    if (r < 0)
        return error_set(err, ENOMEM, "cannot start a download");
    r = http_first_request(f.body, request->resume, err);
    if (r)
        return http_add_context(f.body, err);
    f.head = &f.body->head;
    f.offset = f.body->position;
    f.total = http_total(&f.body->head);
    if (http_validator(&f.body->head)) {
        f.validator = strdup(http_validator(&f.body->head));
        if (!f.validator)
            return error_set(err, ENOMEM, "cannot start a download");
    }
    *out = f;
    f = (struct http_file){0};
    return 0;
}

int http_open(struct http *h, const struct url *u, const struct http_resume *resume, struct http_file *out,
              struct error *err)
{
    return http_send(h, u, &(struct http_request){.resume = resume}, out, err);
}

/* After a broken connection: request the rest, and check that it is the rest of the same file. */
static int http_resume_body(struct http_file *f, struct error *err)
{
    struct http_body *b = f->body;
    uint64_t have = b->position, skip_left = b->skip, want = have + skip_left;
    struct http_resume resume = {want, f->validator};
    int r = http_request(b, want ? &resume : NULL, err);

    if (!r)
        r = http_begin_body(b, want, err);
    if (r) {
        b->position = have;
        return r;
    }
    if (http_total(&b->head) != f->total ||
        (f->validator && !http_is_same(f->validator, http_validator(&b->head)))) {
        error_text(err, ESTALE, "the file changed on the server during its download");
        error_remedy(err, "run the command again");
        return -ESTALE;
    }
    b->skip = want - b->position;
    return 0;
}

/* Take the bytes of the body from the buffer. Returns their number, 0 if there are none yet (or at the end),
 * or a negative errno. */
static ssize_t http_take_body(struct http_body *b, const void **bytes, struct error *err)
{
    struct http *h = b->http;
    size_t have = h->end - h->begin, used = have, payload = have;

    *bytes = h->buffer + h->begin;
    if (b->head.chunked) {
        int done = http_chunks_next(&b->chunks, *bytes, have, &used, &payload);

        if (done < 0)
            return error_text(err, EPROTO, "%s sent a body in malformed chunks", b->url.host);
        *bytes = h->buffer + h->begin + used - payload;
        b->complete = done;
    } else if (b->head.length != HTTP_LENGTH_UNKNOWN) {
        used = payload = have < b->left ? have : (size_t)b->left;
        b->left -= used;
        b->complete = b->left == 0;
    }
    h->begin += used;
    b->position += payload;
    return (ssize_t)payload;
}

/* The stream ended. This is the end of a body without a length; any other body is incomplete. */
static int http_on_end(struct http_body *b, const struct http_file *f, struct error *err)
{
    if (!b->head.chunked && b->head.length == HTTP_LENGTH_UNKNOWN) {
        b->complete = true;
        return 0;
    }
    if (f->total == HTTP_LENGTH_UNKNOWN)
        return error_text(err, ECONNRESET, "%s closed the connection after %llu bytes", b->url.host,
                          (unsigned long long)b->position);
    return error_text(err, ECONNRESET, "%s closed the connection after %llu of %llu bytes", b->url.host,
                      (unsigned long long)b->position, (unsigned long long)f->total);
}

/* Take the next payload; 0 when the body is complete. */
static ssize_t http_next_bytes(struct http_file *f, const void **bytes, struct error *err)
{
    struct http_body *b = f->body;

    while (!b->complete) {
        ssize_t n = http_take_body(b, bytes, err);

        if (n != 0 || b->complete)
            return n;
        n = http_read_more(b->http, err);
        if (n == 0)
            n = http_on_end(b, f, err);
        if (n < 0)
            return n;
    }
    return 0;
}

ssize_t http_read(struct http_file *f, const void **bytes, struct error *err)
{
    struct http_body *b = f->body;

    for (;;) {
        ssize_t n = http_next_bytes(f, bytes, err);

        while (n < 0) {
            if (!http_try_again(b, (int)n))
                return http_add_context(b, err);
            n = http_resume_body(f, err);
            if (n == 0)
                n = http_next_bytes(f, bytes, err);
        }
        if (n == 0) {
            if (!b->head.keep_alive)
                http_disconnect(b->http);
            return 0;
        }
        if ((uint64_t)n > b->skip) {
            b->received += (size_t)n - (size_t)b->skip;
            if (b->received >= SOCKET_PROGRESS)
                b->failures = 0;
            *bytes = (const char *)*bytes + b->skip;
            n -= (ssize_t)b->skip;
            b->skip = 0;
            return n;
        }
        b->skip -= (uint64_t)n;
    }
}

void http_close(struct http_file *f)
{
    if (f->body) {
        if (!f->body->complete)
            http_disconnect(f->body->http);
        url_free(&f->body->url);
        free(f->body->accept);
        text_erase(&f->body->authorization);
        text_erase(&f->body->form);
        http_head_free(&f->body->head);
        free(f->body);
    }
    free(f->validator);
    *f = (struct http_file){0};
}

int http_read_rest(struct http_file *f, size_t max, struct strbuf *out, struct error *err)
{
    const void *bytes;
    ssize_t n;

    while ((n = http_read(f, &bytes, err)) > 0) {
        if ((size_t)n > max - out->length)
            return error_text(err, EFBIG, "the response is larger than %zu bytes", max);
        if (strbuf_add(out, bytes, (size_t)n) < 0)
            return error_set(err, ENOMEM, "cannot read the response");
    }
    return (int)n;
}

int http_get(struct http *h, const struct url *u, size_t max, struct strbuf *out, struct error *err)
{
    cleanup_http_file struct http_file f = {0};
    int r = http_open(h, u, NULL, &f, err);

    if (r == 0)
        r = http_read_rest(&f, max, out, err);
    if (r == -EFBIG)
        error_text(err, EFBIG, "cannot download %s from %s: it is larger than %zu bytes", u->path, u->host,
                   max);
    return r;
}
