/*
 * Clocks that cannot be set, for timeouts, and the earliest plausible time of day. Source: clock_gettime(2).
 */
#ifndef LXCBOX_CORE_BASE_CLOCK_H
#define LXCBOX_CORE_BASE_CLOCK_H

#include <stdint.h>

/*
 * The start of 2026 in seconds since 1970. The program was written in that year: a clock that reads less is
 * wrong.
 */
#define CLOCK_LEAST INT64_C(1767225600)

/* Time since an unspecified point in the past, without the time that the machine was suspended. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Time since the machine booted, suspended time included: the clock for leases. */
int64_t clock_boot_ms(void);

#endif
