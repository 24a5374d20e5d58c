/* Running a command line of the configuration: a hook, a network script, a tool such as mkfs. */
#ifndef LXCBOX_CORE_BASE_SCRIPT_H
#define LXCBOX_CORE_BASE_SCRIPT_H

#include "core/base/error.h"

/*
 * Run `command` with `extra` (NULL at the end) as further arguments and `environment` ("NAME=VALUE", NULL at
 * the end) added to ours, and wait for its end; either may be NULL. A command without any of the shell's
 * special characters is split at blanks and executed, so that no shell is needed; any other goes to
 * /bin/sh -c. `what` names it in errors. 0, or a negative errno with `err` filled: -ECANCELED when it ended
 * with another status than 0.
 */
int script_run(const char *command, char *const *extra, char *const *environment, const char *what,
               struct error *err);

#endif
