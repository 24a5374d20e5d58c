/*
 * The configuration for a start: the file of the container or another file, and settings from the command
 * line.
 */
#ifndef LXCBOX_CORE_CONFIG_LOAD_H
#define LXCBOX_CORE_CONFIG_LOAD_H

#include <stdbool.h>

#include "core/config/config.h"
#include "core/config/container.h"

struct config_source {
    bool missing_ok;                   /* a container without a file has an empty configuration */
    const struct string_list *defines; /* each "KEY=VALUE", applied after the file; NULL: none */
};

/*
 * Fill an initialised config and apply its log settings. 0 or a negative errno with `err` filled; -ENOENT:
 * the container does not exist.
 */
int config_load(const struct container *c, const struct config_source *source, struct config *out,
                struct error *err);

#endif
