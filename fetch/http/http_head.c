#include "fetch/http/http_head.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

/* The fields that are kept as texts. */
static const struct head_text {
    const char *name;
    size_t offset;
    bool list;       /* the field may occur several times; the values are joined (RFC 9110 5.3) */
    bool parameters; /* what follows a ';' is left out */
} head_texts[] = {
    {"Location", offsetof(struct http_head, location), false, false},
    {"ETag", offsetof(struct http_head, etag), false, false},
    {"Last-Modified", offsetof(struct http_head, last_modified), false, false},
    {"Content-Type", offsetof(struct http_head, content_type), false, true},
    {"WWW-Authenticate", offsetof(struct http_head, challenges), true, false},
    {"Link", offsetof(struct http_head, link), true, false},
    {"Docker-Content-Digest", offsetof(struct http_head, digest), false, false},
    {"Retry-After", offsetof(struct http_head, retry_after), false, false},
};

static char **head_text_of(struct http_head *h, const struct head_text *text)
{
    return (char **)(void *)((char *)h + text->offset);
}

void http_head_free(struct http_head *h)
{
    for (size_t i = 0; i < ARRAY_LENGTH(head_texts); i++) {
        char **text = head_text_of(h, &head_texts[i]);

        free(*text);
        *text = NULL;
    }
}

size_t http_head_length(const char *bytes, size_t length)
{
    for (const char *at = bytes, *end = bytes + length; (at = memchr(at, '\n', (size_t)(end - at)));) {
        at++;
        if (at < end && *at == '\n')
            return (size_t)(at + 1 - bytes);
        if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
            return (size_t)(at + 2 - bytes);
        if (at == end)
            break;
    }
    return 0;
}

/* Whether a comma-separated header value contains the word. */
static bool head_has_word(const char *value, const char *word)
{
    size_t length = strlen(word);

    while (*value) {
        size_t n;

        value += strspn(value, ", \t");
        n = strcspn(value, ", \t");
        if (n == length && strncasecmp(value, word, n) == 0)
            return true;
        value += n;
    }
    return false;
}

/* A field that is not a list may occur twice only with the same value. */
static int head_take_text(struct http_head *h, const struct head_text *text, char *value)
{
    char **to = head_text_of(h, text), *joined;

    if (text->parameters)
        value[strcspn(value, "; \t")] = '\0';
    if (*to && !text->list)
        return strcmp(*to, value) == 0 ? 0 : -EPROTO;
    joined = *to ? format_string("%s, %s", *to, value) : strdup(value);
    if (!joined)
        return -ENOMEM;
    free(*to);
    *to = joined;
    return 0;
}

static int head_take_length(struct http_head *h, const char *value)
{
    uint64_t length;

    if (parse_uint64(value, 10, UINT64_MAX - 1, &length) || !isdigit((unsigned char)*value))
        return -EPROTO;
    if (h->length != HTTP_LENGTH_UNKNOWN && h->length != length)
        return -EPROTO;
    h->length = length;
    return 0;
}

/* "bytes 5-9/10", "bytes 5-9/" with a star, or "bytes" star "/10" (RFC 9110 14.4). */
static int head_take_range(struct http_head *h, const char *value)
{
    char *slash = strchr(value, '/'), *dash = strchr(value, '-');

    if (strncasecmp(value, "bytes ", 6) != 0 || !slash)
        return -EPROTO;
    if (strcmp(slash + 1, "*") != 0 && parse_uint64(slash + 1, 10, UINT64_MAX - 1, &h->range_total))
        return -EPROTO;
    if (value[6] == '*')
        return 0;
    if (!dash || dash > slash)
        return -EPROTO;
    *dash = '\0';
    return parse_uint64(value + 6, 10, UINT64_MAX - 1, &h->range_start) ? -EPROTO : 0;
}

static int head_take_field(struct http_head *h, const char *name, char *value)
{
    if (strcasecmp(name, "Content-Length") == 0)
        return head_take_length(h, value);
    if (strcasecmp(name, "Transfer-Encoding") == 0) {
        if (strcasecmp(value, "chunked") != 0 || h->chunked)
            return -EPROTO;
        h->chunked = true;
    } else if (strcasecmp(name, "Connection") == 0) {
        if (head_has_word(value, "close"))
            h->keep_alive = false;
        else if (head_has_word(value, "keep-alive"))
            h->keep_alive = true;
    } else if (strcasecmp(name, "Content-Encoding") == 0) {
        h->encoded = *value && strcasecmp(value, "identity") != 0;
    } else if (strcasecmp(name, "Content-Range") == 0) {
        return head_take_range(h, value);
    } else {
        for (size_t i = 0; i < ARRAY_LENGTH(head_texts); i++)
            if (strcasecmp(name, head_texts[i].name) == 0)
                return head_take_text(h, &head_texts[i], value);
    }
    return 0;
}

/* "HTTP/1.1 200 OK"; the minor version determines the default for the connection. */
static bool head_take_status(struct http_head *h, const char *line)
{
    if (!starts_with(line, "HTTP/1.") || !isdigit((unsigned char)line[7]) || line[8] != ' ')
        return false;
    line += 9;
    for (int i = 0; i < 3; i++)
        if (!isdigit((unsigned char)line[i]))
            return false;
    if (line[3] && line[3] != ' ')
        return false;
    h->status = (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
    h->keep_alive = line[-2] != '0';
    return true;
}

bool http_head_begins(const char *bytes, size_t length)
{
    static const char prefix[] = "HTTP/1.";
    const char *end = memchr(bytes, '\n', length);
    struct http_head ignored;
    char line[sizeof("HTTP/1.1 200 ")] = "";

    if (memcmp(bytes, prefix, length < strlen(prefix) ? length : strlen(prefix)) != 0)
        return false;
    if (!end)
        return true;
    length = (size_t)(end - bytes);
    if (length > 0 && bytes[length - 1] == '\r')
        length--;
    memcpy(line, bytes, length < sizeof(line) - 1 ? length : sizeof(line) - 1);
    return head_take_status(&ignored, line);
}

/* Split one terminated line into name and value; false if it is not a field (RFC 9112 5; folded lines are not
 * accepted). */
static bool head_split_field(char *line, char **value)
{
    char *colon = strchr(line, ':'), *end;

    if (!colon || colon == line || strcspn(line, " \t") < (size_t)(colon - line))
        return false;
    *colon = '\0';
    *value = colon + 1 + strspn(colon + 1, " \t");
    end = *value + strlen(*value);
    while (end > *value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    return true;
}

static int head_parse_lines(char *text, struct http_head *h, struct error *err)
{
    bool first = true;

    for (char *line = text, *next; line && *line; line = next) {
        char *value, *end = strchr(line, '\n');
        int r;

        next = end ? end + 1 : NULL;
        if (end) {
            *end = '\0';
            if (end > line && end[-1] == '\r')
                end[-1] = '\0';
        }
        if (!*line)
            break;
        if (first && !head_take_status(h, line))
            return error_text(err, EPROTO, "sent a response that is not HTTP/1");
        if (!first) {
            if (!head_split_field(line, &value))
                return error_text(err, EPROTO, "sent a header line without a name");
            r = head_take_field(h, line, value);
            if (r == -ENOMEM)
                return error_set(err, ENOMEM, "cannot read the response of the server");
            if (r)
                return error_text(err, EPROTO, "sent an invalid %.40s header", line);
        }
        first = false;
    }
    return first ? error_text(err, EPROTO, "sent an empty response") : 0;
}

/*
 * Control bytes are not allowed in a head (RFC 9110 5.5), and must not reach a terminal in an error message.
 */
static bool head_is_text(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return false;
    }
    return true;
}

int http_head_parse(const char *bytes, size_t length, struct http_head *out, struct error *err)
{
    cleanup_http_head struct http_head h = {.length = HTTP_LENGTH_UNKNOWN,
                                            .range_start = HTTP_LENGTH_UNKNOWN,
                                            .range_total = HTTP_LENGTH_UNKNOWN};
    cleanup_free char *text = NULL;
    int r;

    if (length > HTTP_HEAD_MAX || !head_is_text(bytes, length))
        return error_text(err, EPROTO, "sent a response that is not HTTP/1");
    text = strndup(bytes, length);
    if (!text)
        return error_set(err, ENOMEM, "cannot read the response of the server");
    r = head_parse_lines(text, &h, err);
    if (r)
        return r;
    if (h.chunked && h.length != HTTP_LENGTH_UNKNOWN) /* contradictory lengths: RFC 9112 6.3 */
        return error_text(err, EPROTO, "sent both a Content-Length and chunks");
    *out = h;
    h = (struct http_head){0};
    return 0;
}

enum {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_DATA,
    CHUNK_DATA_END,
    CHUNK_TRAILER,
    CHUNK_TRAILER_LINE,
    CHUNK_DONE
};

#define CHUNK_OVERHEAD_MAX 16384

/* At the end of the line with the size of a chunk. */
static int chunk_size_known(struct http_chunks *c)
{
    if (c->digits == 0)
        return -EPROTO;
    c->state = c->left ? CHUNK_DATA : CHUNK_TRAILER;
    c->digits = 0;
    return 0;
}

/* One byte of framing. */
static int chunk_take_framing(struct http_chunks *c, char byte)
{
    if (++c->overhead > CHUNK_OVERHEAD_MAX)
        return -EPROTO;
    switch (c->state) {
    case CHUNK_SIZE:
        if (hex_digit(byte) >= 0) {
            if (++c->digits > 15)
                return -EPROTO;
            c->left = c->left * 16 + (unsigned)hex_digit(byte);
            return 0;
        }
        if (byte == '\n')
            return chunk_size_known(c);
        if (byte != ';' && byte != ' ' && byte != '\t' && byte != '\r')
            return -EPROTO;
        c->state = CHUNK_EXTENSION;
        return 0;
    case CHUNK_EXTENSION:
        return byte == '\n' ? chunk_size_known(c) : 0;
    case CHUNK_DATA_END:
        if (byte == '\n')
            c->state = CHUNK_SIZE;
        return byte == '\n' || byte == '\r' ? 0 : -EPROTO;
    case CHUNK_TRAILER: /* at the start of a line; an empty line ends the body */
        if (byte == '\n')
            c->state = CHUNK_DONE;
        else if (byte != '\r')
            c->state = CHUNK_TRAILER_LINE;
        return 0;
    default:
        if (byte == '\n')
            c->state = CHUNK_TRAILER;
        return 0;
    }
}

int http_chunks_next(struct http_chunks *c, const char *bytes, size_t length, size_t *used, size_t *payload)
{
    *used = *payload = 0;
    while (c->state != CHUNK_DONE && *used < length) {
        if (c->state == CHUNK_DATA) {
            *payload = length - *used < c->left ? length - *used : (size_t)c->left;
            *used += *payload;
            c->left -= *payload;
            c->overhead = 0;
            if (c->left == 0)
                c->state = CHUNK_DATA_END;
            return 0;
        }
        if (chunk_take_framing(c, bytes[(*used)++]) < 0)
            return -EPROTO;
    }
    return c->state == CHUNK_DONE;
}
