/*
 * Selection of the container that a command operates on, from options and operands.
 */
#ifndef LXCBOX_APPLETS_CLI_CONTAINER_OPTIONS_H
#define LXCBOX_APPLETS_CLI_CONTAINER_OPTIONS_H

#include "applets/cli/options.h"
#include "core/base/error.h"
#include "core/config/container.h"

/* The options that every container command has: -n -P -o -l -q. Embed this struct and refer to it with
 * OPT_GROUP. */
struct container_options {
    const char *name;
    const char *lxcpath;
    const char *logfile;
    const char *loglevel;
    const char
        *rcfile; /* --rcfile: commands with container_config_table, or with a row of their own for it */
    bool quiet;
};

extern const struct option_row container_options_table[];
/* The same without -P, for commands that define -P themselves. */
extern const struct option_row container_other_table[];
/* The same with --rcfile, for commands on an existing container. */
extern const struct option_row container_config_table[];

/*
 * Select the container: -n NAME, else the first operand, which is then removed from in->argc/argv.
 * The path is -P, else lxc.lxcpath of lxc.conf, else /var/lib/lxc. Opens the log. A file named with --rcfile
 * must be a valid configuration even where the command does not use it. Returns 0, or a negative errno with
 * `err` filled. container_select_path() does the same for commands that take no name (lxc-ls).
 */
struct invocation;
int container_select(const struct container_options *o, struct invocation *in, struct container *out,
                     struct error *err);
int container_select_path(const struct container_options *o, struct invocation *in, const char **lxcpath,
                          struct error *err);

#endif
