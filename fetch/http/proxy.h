/* The proxy that the environment specifies for a URL: http_proxy, https_proxy, no_proxy. */
#ifndef LXCBOX_FETCH_HTTP_PROXY_H
#define LXCBOX_FETCH_HTTP_PROXY_H

#include <stdbool.h>

#include "fetch/http/url.h"

/*
 * Find the proxy for a URL: 1 with *out filled, 0 for none, or a negative errno with `err` filled if the
 * variable does not specify an http:// proxy. Lower-case names take precedence. HTTP_PROXY is ignored,
 * because a web server may set it from the header of a request.
 */
int proxy_for(const struct url *u, struct url *out, struct error *err);

/*
 * Whether the list in no_proxy (separated by commas or blanks) contains the host: a name (which includes all
 * names that end in ".name"), an address, or "*" for all.
 */
bool proxy_excepts(const char *no_proxy, const char *host);

/* "Basic ..." for "name:password" (RFC 7617). The caller frees it; NULL when out of memory. */
char *proxy_basic_credentials(const char *user);

#endif
