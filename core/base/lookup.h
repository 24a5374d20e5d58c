/*
 * Addresses of a host name: getaddrinfo(3) with errors that name a remedy, and two differences.
 *
 * "localhost" and names that end in ".localhost" are the loopback addresses, also on a system without
 * /etc/hosts (RFC 6761, section 6.3). If neither /etc/hosts nor a name server can answer, the call fails
 * immediately: the C library would query 127.0.0.1 and wait for its own timeouts (resolv.conf(5)).
 */
#ifndef LXCBOX_CORE_BASE_LOOKUP_H
#define LXCBOX_CORE_BASE_LOOKUP_H

#include <netdb.h>
#include <stdbool.h>

#include "core/base/error.h"

/*
 * The caller frees *out with freeaddrinfo(3). 0 or a negative errno with `err` filled: -EAGAIN if no name
 * server answers (another try may succeed), -ENXIO if the host does not exist or no name server is
 * configured.
 */
int lookup_host(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out,
                struct error *err);

/* Whether a text in the format of hosts(5) has a line with this name or alias, in any case. */
bool lookup_hosts_has(const char *text, const char *name);

/* Whether a text in the format of resolv.conf(5) has a nameserver line. */
bool lookup_has_server(const char *text);

#endif
