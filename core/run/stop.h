/*
 * Ending a running container: by asking its init (lxc.signal.halt, lxc.signal.reboot) and waiting for the
 * monitor to say so, or by killing it (lxc.signal.stop). An init that has only just begun is given up to a
 * second to be ready for the signal. Source: lxc-stop(1).
 */
#ifndef LXCBOX_CORE_RUN_STOP_H
#define LXCBOX_CORE_RUN_STOP_H

#include "core/config/container.h"

/* Gets a line, without its end, on what takes time meanwhile; NULL where such lines are not wanted. */
typedef void stop_report(const char *line);

/*
 * Ask init to shut the container down and wait for STOPPED. The signal is lxc.signal.halt where the container
 * sets it, else SIGRTMIN+3 where init has blocked that to read it from a signalfd (systemd does), else
 * SIGPWR. A frozen container is thawed. timeout_ms -1: for ever; 0: do not wait. 0, -ENOTCONN when it is not
 * running, -ETIMEDOUT when it still runs: after that time, or at once where init ignores the signal.
 */
int container_shutdown(const struct container *c, int timeout_ms, stop_report *report, struct error *err);

/* Ask init to reboot (lxc.signal.reboot, else SIGINT) and wait until it runs again; as above. */
int container_reboot(const struct container *c, int timeout_ms, stop_report *report, struct error *err);

/* Kill it; returns when it has gone. 0 also when it was not running. */
int container_kill(const struct container *c, struct error *err);

#endif
