/* The names of architectures, as lxc.arch has them. Source: LXC's confile.c, personality(2). */
#ifndef LXCBOX_CORE_CONFIG_ARCHITECTURE_H
#define LXCBOX_CORE_CONFIG_ARCHITECTURE_H

#include <stdbool.h>

/* PER_LINUX or PER_LINUX32 for "x86_64", "linux64", "i686", "linux32", ...; -EINVAL for a name that is none.
 */
int architecture_parse(const char *arch);

/*
 * May a machine that uname(2) calls `machine` run programs of `arch`: of its own kind and byte order, and not
 * 64 bits wide on a kernel of 32? "linux32" and "linux64" are of any kind.
 */
bool architecture_runs_on(const char *arch, const char *machine);

#endif
