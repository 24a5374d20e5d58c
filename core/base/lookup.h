/*
 * Addresses of a host's name: getaddrinfo(3), with errors that say what to do, and two differences.
 *
 * "localhost" and names that end in ".localhost" are the loopback addresses, also on a system without
 * /etc/hosts (RFC 6761, section 6.3). Where nothing could answer (neither /etc/hosts nor a name server) the
 * call fails at once: the C library would ask 127.0.0.1 and wait for its own timeouts (resolv.conf(5)).
 */
#ifndef LXCBOX_CORE_BASE_LOOKUP_H
#define LXCBOX_CORE_BASE_LOOKUP_H

#include <netdb.h>
#include <stdbool.h>

#include "core/base/error.h"

/*
 * The caller frees *out with freeaddrinfo(3). 0 or a negative errno with `err` filled: -EAGAIN where no name
 * server answers (another try may succeed), -ENXIO where there is no such host or no name server to ask.
 */
int lookup_host(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out,
                struct error *err);

/* Whether a text in the form of hosts(5) has a line with this name, or alias, in any case. */
bool lookup_hosts_has(const char *text, const char *name);

/* Whether a text in the form of resolv.conf(5) names a server. */
bool lookup_has_server(const char *text);

#endif
