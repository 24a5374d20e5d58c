/* The clock of a machine that may have lost it. */
#ifndef LXCBOX_CORE_BASE_CLOCK_H
#define LXCBOX_CORE_BASE_CLOCK_H

#include <stdint.h>

/* Seconds since 1970 at the beginning of 2026, the year this was written in: no clock that is right reads
 * less. */
#define CLOCK_LEAST INT64_C(1767225600)

#endif
