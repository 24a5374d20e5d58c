/*
 * What stays of a container's last run, in files beside its configuration that stock LXC ignores and that go
 * away with the container: what it wrote on its console at last, and how its first process ended. The monitor
 * writes them.
 */
#ifndef LXCBOX_CORE_MONITOR_LAST_RUN_H
#define LXCBOX_CORE_MONITOR_LAST_RUN_H

#include <stdint.h>

#include "core/config/container.h"

/*
 * The console's output, where lxc.console.logfile does not name a file for all of it. At LAST_CONSOLE_BYTES
 * the file becomes LAST_CONSOLE_OLD and a new one begins.
 */
#define LAST_CONSOLE       "lxcbox.console.log"
#define LAST_CONSOLE_OLD   "lxcbox.console.log.1"
#define LAST_CONSOLE_BYTES 65536
#define LAST_EXIT          "lxcbox.exit"

struct last_exit {
    int status;           /* of the first process, 128 and the signal's number where one ended it */
    int64_t time_seconds; /* since 1970 */
};

/* Remove what an earlier run has left. */
void last_run_forget(const struct container *c);

/* A start has failed: remove the file for the console's output unless there is some. */
void last_run_forget_empty(const struct container *c);

/* Record how the run ended. Nothing where the container has no directory. 0 or a negative errno. */
int last_exit_write(const struct container *c, int status);

/* 0, -ENOENT where no end is known, or another negative errno. */
int last_exit_read(const struct container *c, struct last_exit *out);

#endif
