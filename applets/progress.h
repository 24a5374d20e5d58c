/* Reports the progress of downloads on standard output: a bar on a terminal, else a line for each file.
 * Shared by the applets that get images. */
#ifndef LXCBOX_APPLETS_PROGRESS_H
#define LXCBOX_APPLETS_PROGRESS_H

#include "fetch/index/image.h"

/* Callbacks for one download at a time. */
struct image_events progress_events(void);

#endif
