/*
 * What is kept of a container's last run: the end of its console output, and the exit status of its first
 * process. The monitor writes both to files beside the configuration, which stock LXC ignores and which are
 * removed with the container.
 */
#ifndef LXCBOX_CORE_MONITOR_LAST_RUN_H
#define LXCBOX_CORE_MONITOR_LAST_RUN_H

#include <stdint.h>

#include "core/config/container.h"

/*
 * The output of the console, unless lxc.console.logfile names another file for it. A file of
 * LAST_CONSOLE_BYTES is renamed to LAST_CONSOLE_OLD, and a new one is begun.
 */
#define LAST_CONSOLE       "lxcbox.console.log"
#define LAST_CONSOLE_OLD   "lxcbox.console.log.1"
#define LAST_CONSOLE_BYTES 65536
#define LAST_EXIT          "lxcbox.exit"

struct last_exit {
    int status;           /* of the first process; 128 + signal if a signal ended it */
    int64_t time_seconds; /* since 1970 */
};

/* Remove the files of an earlier run. */
void last_run_forget(const struct container *c);

/* After a failed start: remove the file of the console's output if it is empty. */
void last_run_forget_empty(const struct container *c);

/* Record how the run ended. Does nothing if the container has no directory. 0 or a negative errno. */
int last_exit_write(const struct container *c, int status);

/* 0, -ENOENT if no exit status is recorded, or another negative errno. */
int last_exit_read(const struct container *c, struct last_exit *out);

#endif
