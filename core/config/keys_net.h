/* Functions and types for the keys of lxc.net.N. */
#ifndef LXCBOX_CORE_CONFIG_KEYS_NET_H
#define LXCBOX_CORE_CONFIG_KEYS_NET_H

#include "core/config/keys.h"

/* "veth"; "empty" for a network without a type, as in LXC. */
const char *net_type_name(const struct config_net *n);

/* Free the members; the struct is all zero afterwards. */
void net_free(struct config_net *n);

/* Whether a text has the form "00:16:3e:xx:xx:xx", in any case. */
bool hwaddr_is_valid(const char *text);

/* Replace each x by a random digit; false if the kernel provides no random numbers. */
bool hwaddr_expand(char *hwaddr);

/* core/config/keys_address.c; the limit of the row is the address family. */
extern const struct key_type type_net_address, type_net_gateway, type_net_route;

#endif
