/* Running a command line: a hook or network script of the configuration, or a tool such as mkfs. */
#ifndef LXCBOX_CORE_BASE_SCRIPT_H
#define LXCBOX_CORE_BASE_SCRIPT_H

#include "core/base/error.h"

/*
 * Run `command` with `extra` (NULL at the end) as further arguments and `environment` ("NAME=VALUE", NULL at
 * the end) added to our environment, and wait for its end; either may be NULL. A command without special
 * characters of the shell is split at blanks and executed directly, so that no shell is required; any other
 * command is passed to /bin/sh -c, with the further arguments quoted. `what` is its name in errors. 0, or a
 * negative errno with `err` filled: -ECANCELED if the exit status was not 0.
 */
int script_run(const char *command, char *const *extra, char *const *environment, const char *what,
               struct error *err);

#endif
