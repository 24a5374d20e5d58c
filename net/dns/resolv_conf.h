/* resolv.conf(5): which name servers there are, and writing one for others to read. */
#ifndef LXCBOX_NET_RESOLV_CONF_H
#define LXCBOX_NET_RESOLV_CONF_H

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
/* Whether both name the same host; ports and scopes are not compared. */
bool socket_address_same_host(const union socket_address *a, const union socket_address *b);

struct resolv_conf {
    union socket_address servers[RESOLV_SERVERS_MAX]; /* with port 53 */
    size_t count;
};

/* Read a text. Lines that cannot be read are passed over, as the resolver does. */
void resolv_conf_parse(const char *text, struct resolv_conf *out);

/* Append the text for these: IPv4 servers in host byte order, and a domain ("" for none). 0 or -ENOMEM. */
int resolv_conf_write(struct strbuf *out, const uint32_t *servers, size_t count, const char *domain);

#endif
