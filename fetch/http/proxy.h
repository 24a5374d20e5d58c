/* Which proxy the environment names for a URL: http_proxy, https_proxy, no_proxy. */
#ifndef LXCBOX_FETCH_HTTP_PROXY_H
#define LXCBOX_FETCH_HTTP_PROXY_H

#include <stdbool.h>

#include "fetch/http/url.h"

/*
 * The proxy to go through: 1 with *out filled, 0 for none, or a negative errno with `err` filled where the
 * variable does not name an http:// proxy. Lower-case spellings are preferred; HTTP_PROXY is not read, which
 * a web server may set from a request's header.
 */
int proxy_for(const struct url *u, struct url *out, struct error *err);

/*
 * Whether no_proxy's list (comma or blank separated) has the host: a name with all that ends in ".name", an
 * address, or "*" for all.
 */
bool proxy_excepts(const char *no_proxy, const char *host);

/* "Basic ..." for a user part "name:password" (RFC 7617); the caller frees it, NULL when out of memory. */
char *proxy_basic_credentials(const char *user);

#endif
