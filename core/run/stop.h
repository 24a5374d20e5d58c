/*
 * Stopping a running container: by sending a signal to its init (lxc.signal.halt, lxc.signal.reboot) and
 * waiting for the new state from the monitor, or by killing it (lxc.signal.stop). An init that has just
 * started gets up to a second to become ready for the signal. Source: lxc-stop(1).
 */
#ifndef LXCBOX_CORE_RUN_STOP_H
#define LXCBOX_CORE_RUN_STOP_H

#include "core/config/container.h"

/* Called with a progress message, one line without a newline; NULL for none. */
typedef void stop_report(const char *line);

/*
 * Request a shutdown from init and wait for STOPPED. The signal is lxc.signal.halt where that is set, else
 * SIGRTMIN+3 where init blocks it to read it from a signalfd (as systemd does), else SIGPWR. A frozen
 * container is thawed. timeout_ms -1: wait without limit; 0: do not wait. 0, -ENOTCONN when it is not
 * running, -ETIMEDOUT when it still runs after that time, or at once where init ignores the signal.
 */
int container_shutdown(const struct container *c, int timeout_ms, stop_report *report, struct error *err);

/* Request a reboot from init (lxc.signal.reboot, else SIGINT) and wait until the container runs again; the
 * rest as above. */
int container_reboot(const struct container *c, int timeout_ms, stop_report *report, struct error *err);

/* Kill the container; returns when it has stopped. 0 also when it was not running. */
int container_kill(const struct container *c, struct error *err);

#endif
