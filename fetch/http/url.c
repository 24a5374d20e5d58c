#include "fetch/http/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

void url_free(struct url *u)
{
    free(u->user);
    free(u->host);
    free(u->path);
    memset(u, 0, sizeof(*u));
}

bool url_host_is_address(const char *host)
{
    unsigned char address[16];

    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* Decode the user part (RFC 3986 2.1); NULL when out of memory. */
static char *url_decode(const char *text, size_t length)
{
    char *out = malloc(length + 1), *to = out;

    for (size_t i = 0; out && i < length; i++) {
        if (text[i] == '%' && i + 2 < length && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            *to++ = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            *to++ = text[i];
        }
    }
    if (out)
        *to = '\0';
    return out;
}

/*
 * Append a path or query up to a fragment. Blanks, control bytes and others, which RFC 3986 does not allow,
 * are escaped, so that no text in an index or a Location header can end the request line.
 */
static int url_add_escaped(struct strbuf *out, const char *text)
{
    for (; *text && *text != '#'; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = c > 0x20 && c < 0x7f && !strchr("\"<>\\^`{|}", c);
        int r = plain ? strbuf_add(out, text, 1) : strbuf_printf(out, "%%%02X", c);

        if (r)
            return -ENOMEM;
    }
    return 0;
}

/* RFC 3986 5.2.4 for a path that begins with '/', in place; a query is not changed. */
static void url_remove_dot_segments(char *path)
{
    char *query = strchr(path, '?');
    size_t rest = query ? strlen(query) : 0;
    char *end = query ? query : path + strlen(path), *in = path, *out = path;

    while (in < end) {
        char *next = memchr(in + 1, '/', (size_t)(end - in - 1));
        size_t length = (size_t)((next ? next : end) - in);
        bool dot = length == 2 && in[1] == '.', dots = length == 3 && in[1] == '.' && in[2] == '.';

        if (dots)
            while (out > path && *--out != '/')
                ;
        if (!dot && !dots) {
            memmove(out, in, length);
            out += length;
        } else if (!next) {
            *out++ = '/';
        }
        in += length;
    }
    if (out == path)
        *out++ = '/';
    memmove(out, end, rest);
    out[rest] = '\0';
}

static int url_take_path(const char *text, char **out)
{
    cleanup_strbuf struct strbuf b = STRBUF_INIT;

    if ((*text != '/' && strbuf_puts(&b, "/")) || url_add_escaped(&b, text))
        return -ENOMEM;
    *out = strbuf_take(&b);
    if (!*out)
        return -ENOMEM;
    url_remove_dot_segments(*out);
    return 0;
}

/* Take a name or address, in lower case; false if it is invalid. */
static bool url_take_host(const char *text, size_t length, bool brackets, char **out)
{
    if (length == 0 || length > 253)
        return false;
    *out = strndup(text, length);
    for (char *c = *out; c && *c; c++) {
        if (!isalnum((unsigned char)*c) && !strchr(brackets ? ":." : "-._", *c))
            return false;
        *c = (char)tolower((unsigned char)*c);
    }
    return *out && (!brackets || (strchr(*out, ':') && url_host_is_address(*out)));
}

/* [user@]host[:port], of `length` bytes. */
static bool url_take_authority(const char *text, size_t length, struct url *u)
{
    const char *at = memrchr(text, '@', length), *end = text + length, *colon;
    bool brackets;

    if (at) {
        u->user = url_decode(text, (size_t)(at - text));
        if (!u->user)
            return false;
        text = at + 1;
    }
    brackets = text < end && *text == '[';
    if (brackets) {
        const char *close = memchr(text, ']', (size_t)(end - text));

        if (!close || (close + 1 < end && close[1] != ':') ||
            !url_take_host(text + 1, (size_t)(close - text - 1), true, &u->host))
            return false;
        colon = close + 1 < end ? close + 1 : NULL;
    } else {
        colon = memchr(text, ':', (size_t)(end - text));
        if (!url_take_host(text, (size_t)((colon ? colon : end) - text), false, &u->host))
            return false;
    }
    u->port = u->https ? 443 : 80;
    if (colon && colon + 1 < end) {
        char digits[6] = "";
        uint64_t port;

        if ((size_t)(end - colon - 1) >= sizeof(digits))
            return false;
        memcpy(digits, colon + 1, (size_t)(end - colon - 1));
        if (parse_uint64(digits, 10, 65535, &port) || port == 0)
            return false;
        u->port = (uint16_t)port;
    }
    return true;
}

/* The length of the scheme in "scheme:" (RFC 3986 3.1), or 0. */
static size_t url_scheme_length(const char *text)
{
    size_t n = 0;

    while (isalnum((unsigned char)text[n]) || (n && strchr("+-.", text[n]) && text[n]))
        n++;
    return text[n] == ':' ? n : 0;
}

/* Take the text after "scheme://". */
static bool url_take_rest(const char *rest, struct url *u)
{
    size_t length = strcspn(rest, "/?#");

    return url_take_authority(rest, length, u) && url_take_path(rest + length, &u->path) == 0;
}

int url_parse(const char *what, const char *text, struct url *out, struct error *err)
{
    struct url u = {.https = true};
    const char *rest = text;

    if (strncasecmp(text, "https://", 8) == 0) {
        rest += 8;
    } else if (strncasecmp(text, "http://", 7) == 0) {
        rest += 7;
        u.https = false;
    } else if (strstr(text, "://")) {
        error_text(err, EINVAL, "%s \"%.200s\" is neither http:// nor https://", what, text);
        return -EINVAL;
    }
    if (strlen(text) > URL_MAX || !url_take_rest(rest, &u)) {
        url_free(&u);
        error_text(err, EINVAL, "%s \"%.200s\" is not a URL", what, text);
        error_remedy(err, "write HOST, HOST:PORT or https://HOST/PATH");
        return -EINVAL;
    }
    *out = u;
    return 0;
}

int url_copy(const struct url *from, struct url *out)
{
    struct url u = {from->https, NULL, strdup(from->host), from->port, strdup(from->path)};

    if (from->user)
        u.user = strdup(from->user);
    if (!u.host || !u.path || (from->user && !u.user)) {
        url_free(&u);
        return -ENOMEM;
    }
    *out = u;
    return 0;
}

/* A URL at the server of the base, with this path. */
static int url_with_path(const struct url *base, const char *path, struct url *out, struct error *err)
{
    struct url u = {0};

    if (strlen(path) > URL_MAX)
        return error_text(err, EINVAL, "a path of more than %d bytes on the server %s", URL_MAX, base->host);
    if (url_copy(base, &u) < 0)
        return error_set(err, ENOMEM, "cannot follow a link");
    free(take_ptr(u.path));
    if (url_take_path(path, &u.path) < 0) {
        url_free(&u);
        return error_set(err, ENOMEM, "cannot follow a link");
    }
    *out = u;
    return 0;
}

int url_join(const struct url *base, const char *reference, struct url *out, struct error *err)
{
    cleanup_strbuf struct strbuf path = STRBUF_INIT;
    size_t keep = strcspn(base->path, "?");

    if (url_scheme_length(reference)) {
        if (!strstr(reference, "://"))
            return error_text(err, EINVAL, "a redirect to \"%.200s\", which is neither http nor https",
                              reference);
        return url_parse("a redirect to", reference, out, err);
    }
    if (starts_with(reference, "//")) {
        struct url u = {.https = base->https};

        if (strlen(reference) <= URL_MAX && url_take_rest(reference + 2, &u)) {
            *out = u;
            return 0;
        }
        url_free(&u);
        return error_text(err, EINVAL, "a redirect to \"%.200s\", which is not a URL", reference);
    }
    if (*reference == '/')
        return url_with_path(base, reference, out, err);
    if (*reference && *reference != '?' && *reference != '#')
        while (keep > 0 && base->path[keep - 1] != '/')
            keep--;
    else if (*reference != '?')
        keep = strlen(base->path);
    if (strbuf_add(&path, base->path, keep) || strbuf_puts(&path, reference))
        return error_set(err, ENOMEM, "cannot follow a redirect");
    return url_with_path(base, strbuf_text(&path), out, err);
}

/* Whether a segment of the path is "..", also in escaped form. */
static bool url_path_climbs(const char *path)
{
    cleanup_free char *plain = url_decode(path, strlen(path));

    for (const char *at = plain; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (starts_with(at, "..") && (at[2] == '/' || !at[2]))
            return true;
    }
    return !plain;
}

/* A path from an index has no query and no fragment: '?' and '#' in it are part of a name. */
static int url_add_plain(struct strbuf *out, const char *path)
{
    int r = 0;

    for (; *path && !r; path++)
        r = *path == '?'   ? strbuf_puts(out, "%3F")
            : *path == '#' ? strbuf_puts(out, "%23")
                           : strbuf_add(out, path, 1);
    return r;
}

int url_below(const struct url *base, const char *below, struct url *out, struct error *err)
{
    cleanup_strbuf struct strbuf path = STRBUF_INIT;
    size_t length = strcspn(base->path, "?");

    while (*below == '/')
        below++;
    if (url_path_climbs(below))
        return error_text(err, EINVAL, "the server %s names a file \"%.200s\", outside of its images",
                          base->host, below);
    while (length > 0 && base->path[length - 1] == '/')
        length--;
    if (strbuf_add(&path, base->path, length) || strbuf_puts(&path, "/") || url_add_plain(&path, below))
        return error_set(err, ENOMEM, "cannot build the URL of \"%.200s\"", below);
    return url_with_path(base, strbuf_text(&path), out, err);
}

char *url_authority(const struct url *u)
{
    bool brackets = strchr(u->host, ':');
    const char *open = brackets ? "[" : "", *close = brackets ? "]" : "";

    if (u->port == (u->https ? 443 : 80))
        return format_string("%s%s%s", open, u->host, close);
    return format_string("%s%s%s:%u", open, u->host, close, u->port);
}

char *url_text(const struct url *u)
{
    cleanup_free char *authority = url_authority(u);

    return authority ? format_string("%s://%s%s", u->https ? "https" : "http", authority, u->path) : NULL;
}
