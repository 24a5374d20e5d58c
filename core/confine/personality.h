/*
 * lxc.arch: the execution domain, so that uname(2) tells a 32-bit container that its machine is one.
 * personality(2).
 */
#ifndef LXCBOX_CORE_RUN_PERSONALITY_H
#define LXCBOX_CORE_RUN_PERSONALITY_H

#include <stdbool.h>

#include "core/base/error.h"

/* PER_LINUX or PER_LINUX32 for "x86_64", "linux64", "i686", "linux32", ...; -EINVAL for a name that is none.
 */
int personality_parse(const char *arch);

/*
 * May a machine that uname(2) calls `machine` run programs of `arch`: of its own kind and byte order, and not
 * 64 bits wide on a kernel of 32? "linux32" and "linux64" are of any kind.
 */
bool personality_runs_on(const char *arch, const char *machine);

/* `arch` NULL: nothing to do. */
int personality_set(const char *arch, struct error *err);

#endif
