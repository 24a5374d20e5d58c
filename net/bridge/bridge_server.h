/*
 * The one small daemon of lxc-net: DHCPv4, DNS, router advertisements and stateless DHCPv6 on the bridge. It
 * opens what it needs as root and then goes on as nobody, without any right.
 */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_SERVER_H
#define LXCBOX_NET_BRIDGE_BRIDGE_SERVER_H

#include <sys/types.h>

#include "core/base/error.h"
#include "net/bridge/bridge_settings.h"

#define BRIDGE_LEASES "/var/lib/misc/dnsmasq.%s.leases" /* stock's, of a bridge; ours add .0 and .1 */

/*
 * Start it on a bridge that is up, with its addresses, and return once it serves. A port that is taken is
 * named with its owner. `foreground`: return when it has ended, and hand it the SIGTERM, SIGINT and SIGHUP
 * that come; they stay blocked. SIGHUP has it read its hosts (LXC_DHCP_CONFILE) again.
 */
int bridge_server_start(const struct bridge_settings *s, bool foreground, struct error *err);

/* Its process id, 0 where it does not run, or a negative errno. */
pid_t bridge_server_find(void);

/* End it and wait until it has ended. Success also where it does not run. */
int bridge_server_stop(struct error *err);

/* The leases of a bridge as they are on disk; free with lease_table_free. */
void bridge_leases_read(const struct bridge_settings *s, struct lease_table *out);

#endif
