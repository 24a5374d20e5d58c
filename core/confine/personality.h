/*
 * lxc.arch: the execution domain, so that uname(2) reports a 32-bit machine in a 32-bit container. Source:
 * personality(2).
 */
#ifndef LXCBOX_CORE_CONFINE_PERSONALITY_H
#define LXCBOX_CORE_CONFINE_PERSONALITY_H

#include "core/base/error.h"

/* `arch` NULL: nothing to do. */
int personality_set(const char *arch, struct error *err);

#endif
