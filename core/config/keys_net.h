/* What the files of lxc.net.N share. */
#ifndef LXCBOX_CORE_CONFIG_KEYS_NET_H
#define LXCBOX_CORE_CONFIG_KEYS_NET_H

#include "core/config/keys.h"

/* "veth"; "empty" where none was given, as in LXC. */
const char *net_type_name(const struct config_net *n);

/* Give back what it owns; all zero afterwards. */
void net_free(struct config_net *n);

/* "00:16:3e:xx:xx:xx", also in capitals. */
bool hwaddr_is(const char *text);

/* Each x replaced by a random digit; false where the kernel has no random numbers. */
bool hwaddr_fill(char *hwaddr);

/* core/config/keys_address.c; the row's limit is the address family. */
extern const struct key_type type_net_address, type_net_gateway, type_net_route;

#endif
