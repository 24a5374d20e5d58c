/*
 * The daemon of lxc-net: DHCPv4, DNS, router advertisements and stateless DHCPv6 on the bridge. It opens its
 * files and sockets as root and then runs as user nobody without capabilities.
 */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_SERVER_H
#define LXCBOX_NET_BRIDGE_BRIDGE_SERVER_H

#include <sys/types.h>

#include "core/base/error.h"
#include "net/bridge/bridge_settings.h"

#define BRIDGE_LEASES "/var/lib/misc/dnsmasq.%s.leases" /* as in stock LXC; lxcbox adds .0 and .1 */

/*
 * Start the daemon on a bridge that is up and has its addresses, and return once it serves. If a port is in
 * use, the error names the process. `foreground`: return when the daemon has exited, and pass SIGTERM, SIGINT
 * and SIGHUP on to it; these signals stay blocked. On SIGHUP the daemon reads its hosts (LXC_DHCP_CONFILE)
 * again.
 */
int bridge_server_start(const struct bridge_settings *s, bool foreground, struct error *err);

/* The process id of the daemon, 0 if it is not running, or a negative errno. */
pid_t bridge_server_find(void);

/* Stop the daemon and wait until it has exited. Succeeds also if it is not running. */
int bridge_server_stop(struct error *err);

/* Read the leases of a bridge from disk; free with lease_table_free. */
void bridge_leases_read(const struct bridge_settings *s, struct lease_table *out);

#endif
