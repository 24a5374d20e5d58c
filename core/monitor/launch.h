/*
 * Bringing a container up once, and tearing it down again. Used by monitor.c only.
 */
#ifndef LXCBOX_CORE_MONITOR_LAUNCH_H
#define LXCBOX_CORE_MONITOR_LAUNCH_H

#include "core/monitor/monitor.h"

/*
 * Bring it up: hooks pre-start, cgroups, child, id maps, limits, network, terminals, hooks start-host, init.
 * The state is RUNNING afterwards. On failure everything is torn down again, and `err` holds the remedy.
 */
int launch(struct monitor *m, struct error *err);

/*
 * Tear down what exists of it, in reverse order: init (killed if it still runs), terminals, hooks stop,
 * network, cgroups, hooks post-stop. Failures are logged and do not stop it. The state is STOPPING
 * afterwards.
 */
void teardown(struct monitor *m, bool reboot);

#endif
