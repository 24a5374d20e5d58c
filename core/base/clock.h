/* Clocks: for time-outs those that nobody sets, and what the time of day must at least be. clock_gettime(2).
 */
#ifndef LXCBOX_CORE_BASE_CLOCK_H
#define LXCBOX_CORE_BASE_CLOCK_H

#include <stdint.h>

/* Seconds since 1970 at the beginning of 2026, the year this was written in: no clock that is right reads
 * less. */
#define CLOCK_LEAST INT64_C(1767225600)

/* Since some point in the past; they do not count the time that the machine sleeps. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Since the machine booted, sleep included, as leases count it. */
int64_t clock_boot_ms(void);

#endif
