/* The options that change a container's configuration for one start. */
#ifndef LXCBOX_APPLETS_CLI_CONFIG_OPTIONS_H
#define LXCBOX_APPLETS_CLI_CONFIG_OPTIONS_H

#include "applets/cli/options.h"
#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/config.h"

/* -s and --share-...: settings from the command line. Embed this struct and refer to it with OPT_GROUP. */
struct config_options {
    struct string_list defines; /* "KEY=VALUE" */
    const char *share_net, *share_ipc, *share_uts, *share_pid;
};

extern const struct option_row config_options_table[];

/* Set the keys of the --share-... options; config_load() sets `defines`. Returns 0, or a negative errno with
 * `err` filled. */
int config_options_share(const struct config_options *o, struct config *config, struct error *err);

#endif
