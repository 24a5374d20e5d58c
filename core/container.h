/*
 * A container by name: where its configuration lies. Nothing is opened here.
 */
#ifndef LXCBOX_CORE_CONTAINER_H
#define LXCBOX_CORE_CONTAINER_H

#include "core/base/error.h"
#include "core/base/options.h"

/* A container's states, with LXC's numbers (they travel on the command socket). */
enum container_state {
    STATE_STOPPED,
    STATE_STARTING,
    STATE_RUNNING,
    STATE_STOPPING,
    STATE_ABORTING,
    STATE_FREEZING,
    STATE_FROZEN,
    STATE_THAWED,
    STATE_COUNT,
};

/* "STOPPED" ...; NULL for a number that is none. */
const char *state_name(int state);
/* The state named, any case; -EINVAL with `err` filled when it is none. */
int state_parse(const char *word, struct error *err);

/* The strings belong to whoever made it (argv, lxc.conf's global values): both outlive every use. */
struct container {
    const char *name;
    const char *lxcpath; /* "/var/lib/lxc" */
    const char *rcfile;  /* its configuration, where that is not LXCPATH/NAME/config; NULL: it is */
};

/* A name that cannot leave lxcpath: not empty, no '/', not "." or "..", at most 128 bytes. */
int container_check_name(const char *name, struct error *err);

/* LXCPATH/NAME/FILE, NULL when out of memory. file NULL: LXCPATH/NAME. The caller frees it. */
char *container_path(const struct container *c, const char *file);

/* Its configuration file, likewise. */
char *container_config_path(const struct container *c);

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
