/*
 * lxc.arch: the execution domain, so that uname(2) tells a 32-bit container that its machine is one.
 * personality(2).
 */
#ifndef LXCBOX_CORE_RUN_PERSONALITY_H
#define LXCBOX_CORE_RUN_PERSONALITY_H

#include "core/base/error.h"

/* `arch` NULL: nothing to do. */
int personality_set(const char *arch, struct error *err);

#endif
