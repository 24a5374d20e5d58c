/*
 * The configuration that a container is to be started with: its own file or another, and what the user adds
 * on the command line.
 */
#ifndef LXCBOX_CORE_CONFIG_LOAD_H
#define LXCBOX_CORE_CONFIG_LOAD_H

#include <stdbool.h>

#include "core/config/config.h"
#include "core/config/container.h"

struct config_source {
    bool missing_ok;                   /* a container without a file has an empty configuration */
    const struct string_list *defines; /* each "KEY=VALUE", applied after it; NULL: none */
};

/* Fill an initialised config, and turn the log to where it says. 0 or a negative errno with `err` filled;
 * -ENOENT: there is no such container.
 */
int config_load(const struct container *c, const struct config_source *source, struct config *out,
                struct error *err);

#endif
