/* What became of a configuration that came with an image or an archive, for the applets that take one. */
#ifndef LXCBOX_APPLETS_TEMPLATE_NOTES_H
#define LXCBOX_APPLETS_TEMPLATE_NOTES_H

#include <stdio.h>

#include "core/storage/create.h"

#define TRUST_CONFIG_HELP "take the configuration as it is, with hooks and mounts of the host"

/* Also with -q: a container that lacks a part of its configuration is not what was asked for. */
static inline void notes_print(const char *applet, const struct create_place *place,
                               const struct string_list *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        fprintf(stderr, "%s: %s: %s (--trust-config takes the configuration as it is)\n", applet,
                place->container->name, notes->items[i]);
}

#endif
