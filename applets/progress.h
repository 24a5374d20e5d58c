/* Reports the progress of downloads: a bar on a terminal, else a line for each file.
 * Shared by the applets that get images. */
#ifndef LXCBOX_APPLETS_PROGRESS_H
#define LXCBOX_APPLETS_PROGRESS_H

#include <stdio.h>

#include "fetch/index/image.h"

/* Callbacks for one download at a time, which print to `out`. */
struct image_events progress_events(FILE *out);

#endif
