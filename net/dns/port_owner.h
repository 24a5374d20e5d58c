/* Which process uses a port: /proc/net/{tcp,udp}*, proc(5), and the fds of every process. */
#ifndef LXCBOX_NET_DNS_PORT_OWNER_H
#define LXCBOX_NET_DNS_PORT_OWNER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "net/link/address.h"

/*
 * Write the process that listens on a port of an IPv4 address (or of all addresses) into `out`: "dnsmasq (pid
 * 123)". False if it is not found (it is in another pid namespace, or has ended). `tcp`: else UDP.
 */
bool port_owner(bool tcp, struct in_addr address, unsigned port, char *out, size_t size);

/*
 * Whether a process uses a port of an address (family 0: any address), with its name in `out`. Sockets of
 * process `except` are ignored (0: none).
 */
bool port_taken(bool tcp, const struct ip *address, unsigned port, pid_t except, char *out, size_t size);

#endif
