/*
 * One life of a container, from nothing to a running init and back to nothing; made and used by monitor.c.
 */
#ifndef LXCBOX_CORE_RUN_LAUNCH_H
#define LXCBOX_CORE_RUN_LAUNCH_H

#include "core/monitor/monitor.h"

/*
 * Bring it up: hooks pre-start, cgroups, child, id maps, limits, network, terminals, hooks start-host, init.
 * The state is RUNNING afterwards. On failure everything is taken down again, and `err` says what to do.
 */
int launch(struct monitor *m, struct error *err);

/*
 * Take down whatever there is of it, in reverse: init (killed if it still runs), terminals, hooks stop,
 * network, cgroups, hooks post-stop. Carries on over failures, which go to the log. The state is STOPPING
 * afterwards.
 */
void land(struct monitor *m, bool reboot);

#endif
