/* resolv.conf(5): reading the name servers, and writing the file for other programs. */
#ifndef LXCBOX_NET_DNS_RESOLV_CONF_H
#define LXCBOX_NET_DNS_RESOLV_CONF_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/base/str.h"

#define RESOLV_SERVERS_MAX 3 /* MAXNS of resolv.h */

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

socklen_t socket_address_size(const union socket_address *a);
/* Whether both are the same address; ports and scopes are not compared. */
bool socket_address_same_host(const union socket_address *a, const union socket_address *b);

struct resolv_conf {
    union socket_address servers[RESOLV_SERVERS_MAX]; /* with port 53 */
    size_t count;
};

/* Parse a text. Lines that cannot be parsed are ignored, as by the resolver. */
void resolv_conf_parse(const char *text, struct resolv_conf *out);

/* Append the text for IPv4 servers (in host byte order) and a domain ("": none). 0 or -ENOMEM. */
int resolv_conf_write(struct strbuf *out, const uint32_t *servers, size_t count, const char *domain);

#endif
