/*
 * The configuration that a container is to be started with: its own file or another, and what a person adds
 * on the command line.
 */
#ifndef LXCBOX_CORE_CONFIG_LOAD_H
#define LXCBOX_CORE_CONFIG_LOAD_H

#include <stdbool.h>

#include "core/config/config.h"
#include "core/container.h"

/* -s and --share-...: what a person adds on the command line. Embed and name with OPT_GROUP. */
struct config_options {
    struct string_list defines; /* "KEY=VALUE" */
    const char *share_net, *share_ipc, *share_uts, *share_pid;
};

extern const struct option_row config_options_table[];

struct config_source {
    bool may_lack;                        /* a container without a file has an empty configuration */
    const struct config_options *options; /* applied after it; NULL: none */
};

/* Fill an initialised config, and turn the log to where it says. 0 or a negative errno with `err` filled;
 * -ENOENT: there is no such container.
 */
int config_load(const struct container *c, const struct config_source *source, struct config *out,
                struct error *err);

#endif
