/* http and https URLs: the part of RFC 3986 that image servers, redirects and proxy variables need. */
#ifndef LXCBOX_FETCH_HTTP_URL_H
#define LXCBOX_FETCH_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

#define URL_MAX 4096 /* bytes of a whole URL; longer ones are rejected */

struct url {
    bool https;
    char *user; /* "name:password" before the '@', percent-decoded; NULL: none */
    char *host; /* a name in lower case or an address; an IPv6 address without its brackets */
    uint16_t port;
    char *path; /* with the query; begins with '/'; no fragment; characters not allowed in a URL are %-escaped
                 */
};

#define cleanup_url __attribute__((cleanup(url_free)))
void url_free(struct url *u);

/*
 * Parse an absolute URL. `text` without "http://" or "https://" is taken as https: HOST[:PORT][/PATH]. `what`
 * is its origin, for errors: "the server", "https_proxy". 0, or -EINVAL with `err` filled.
 */
int url_parse(const char *what, const char *text, struct url *out, struct error *err);

/*
 * Resolve a reference (RFC 3986 5.2) such as a Location header: absolute, "//host/path", "/path", "path" or
 * "?query", with dot segments removed. `out` is a new struct.
 */
int url_join(const struct url *base, const char *reference, struct url *out, struct error *err);

/*
 * A path below the path of the URL, which is treated as a directory even if it does not end in '/':
 * "https://h/a" + "b/c" gives "https://h/a/b/c". `below` is a plain path from an index and not a reference:
 * "x:y" in it is not a scheme. A path with ".." is rejected.
 */
int url_below(const struct url *base, const char *below, struct url *out, struct error *err);

/* A copy. 0 or -ENOMEM. */
int url_copy(const struct url *from, struct url *out);

/* "https://host:port/path", without user and default port; the caller frees it. */
char *url_text(const struct url *u);

/* "host", or "[address]" for IPv6, with ":port" unless it is the default port: as in a Host header. */
char *url_authority(const struct url *u);

/* Whether the host is an IPv4 or IPv6 address and not a name. */
bool url_host_is_address(const char *host);

#endif
