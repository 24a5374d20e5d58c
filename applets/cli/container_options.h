/*
 * The container that a command is about: the options for it, and how they and the operands settle which one.
 */
#ifndef LXCBOX_APPLETS_CLI_CONTAINER_OPTIONS_H
#define LXCBOX_APPLETS_CLI_CONTAINER_OPTIONS_H

#include "applets/cli/options.h"
#include "core/base/error.h"
#include "core/config/container.h"

/* The options that every container command has: -n -P -o -l -q. Embed and name with OPT_GROUP. */
struct container_options {
    const char *name;
    const char *lxcpath;
    const char *logfile;
    const char *loglevel;
    const char *rcfile; /* --rcfile: of container_config_table's commands and those with a row for it */
    bool quiet;
};

extern const struct option_row container_options_table[];
/* The same without -P, for who has that itself. */
extern const struct option_row container_other_table[];
/* The same with --rcfile, for commands on a container that is there. */
extern const struct option_row container_config_table[];

/*
 * Settle which container is meant: -n NAME, else the first operand, which is then taken off in->argc/argv.
 * The path is -P, else lxc.lxcpath of lxc.conf, else /var/lib/lxc. Opens the log. A file named with --rcfile
 * must be a configuration, whatever of it is used then. 0 or a negative errno with `err` filled.
 * container_select_path does the same for commands that take no name (lxc-ls).
 */
struct invocation;
int container_select(const struct container_options *o, struct invocation *in, struct container *out,
                     struct error *err);
int container_select_path(const struct container_options *o, struct invocation *in, const char **lxcpath,
                          struct error *err);

#endif
