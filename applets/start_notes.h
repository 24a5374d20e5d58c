/* Reports an init that ended in its first moments. Shared by the applets that start a container in the
 * background. */
#ifndef LXCBOX_APPLETS_START_NOTES_H
#define LXCBOX_APPLETS_START_NOTES_H

#include <stdio.h>

#include "core/config/config.h"
#include "core/config/container.h"

/*
 * Print a line if init has ended: `ended_status` is that of struct start_options. A failure is printed also
 * with `quiet`. The start itself succeeded, as with LXC.
 */
static inline void start_note_print(const char *applet, const struct container *c,
                                    const struct config *config, int ended_status, bool quiet)
{
    if (ended_status < 0 || (ended_status == 0 && quiet))
        return;
    fprintf(stderr, "%s: %s: the first process ended at once with status %d", applet, c->name, ended_status);
    if (config->ephemeral) /* its output is removed with it */
        fprintf(stderr, "\n");
    else
        fprintf(stderr, " (lxc-logs -n %s shows its output)\n", c->name);
}

#endif
