/* Reports changes to the configuration of an image or archive. Shared by the applets that create containers.
 */
#ifndef LXCBOX_APPLETS_TEMPLATE_NOTES_H
#define LXCBOX_APPLETS_TEMPLATE_NOTES_H

#include <stdio.h>

#include "core/storage/create.h"

#define TRUST_CONFIG_HELP "use the configuration unchanged, with hooks and mounts of the host"

/* Printed also with -q, because the container lacks a part of its configuration. */
static inline void notes_print(const char *applet, const struct create_place *place,
                               const struct string_list *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        fprintf(stderr, "%s: %s: %s (--trust-config uses the configuration unchanged)\n", applet,
                place->container->name, notes->items[i]);
}

#endif
