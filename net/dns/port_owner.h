/* Who has a port: /proc/net/{tcp,udp}*, proc(5), and the fds of every process. */
#ifndef LXCBOX_NET_PORT_OWNER_H
#define LXCBOX_NET_PORT_OWNER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "net/link/address.h"

/*
 * Write who listens on a port of an IPv4 address (or of all addresses) into `out`: "dnsmasq (pid 123)". false
 * where it is not found (it lives in another pid namespace, or has gone). `tcp`: else UDP.
 */
bool port_owner(bool tcp, struct in_addr address, unsigned port, char *out, size_t size);

/*
 * Whether somebody has a port of an address (family 0: of any address), with its name in `out`. What process
 * `except` holds does not count (0: none).
 */
bool port_taken(bool tcp, const struct ip *address, unsigned port, pid_t except, char *out, size_t size);

#endif
