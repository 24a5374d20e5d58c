/* The names of architectures, as in lxc.arch. Source: LXC's confile.c, personality(2). */
#ifndef LXCBOX_CORE_CONFIG_ARCHITECTURE_H
#define LXCBOX_CORE_CONFIG_ARCHITECTURE_H

#include <stdbool.h>

/* PER_LINUX or PER_LINUX32 for "x86_64", "linux64", "i686", "linux32", ...; -EINVAL for any other name. */
int architecture_parse(const char *arch);

/*
 * Whether a machine that uname(2) names `machine` can run programs of `arch`: family and byte order must be
 * the same, and a 32-bit kernel runs no 64-bit programs. "linux32" and "linux64" match any family.
 */
bool architecture_runs_on(const char *arch, const char *machine);

#endif
