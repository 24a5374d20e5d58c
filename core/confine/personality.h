/*
 * lxc.arch: the execution domain, so that uname(2) tells a 32-bit container that its machine is one.
 * personality(2).
 */
#ifndef LXCBOX_CORE_RUN_PERSONALITY_H
#define LXCBOX_CORE_RUN_PERSONALITY_H

#include "core/base/error.h"

/* PER_LINUX or PER_LINUX32 for "x86_64", "linux64", "i686", "linux32", ...; -EINVAL for a name that is none.
 */
int personality_parse(const char *arch);

/* `arch` NULL: nothing to do. */
int personality_set(const char *arch, struct error *err);

#endif
