/*
 * A process that reads bytes of unknown origin, and writes what it finds below one directory: it cannot open
 * anything else, execute a program, open a socket, or make a file with rights that it does not need. What a
 * kernel lacks of these is omitted: each is a line of defense behind a parser that is correct. Source:
 * capabilities(7), landlock(7), seccomp(2), chroot(2).
 */
#ifndef LXCBOX_CORE_BASE_JAIL_H
#define LXCBOX_CORE_BASE_JAIL_H

#include <stddef.h>

#include "core/base/error.h"

/*
 * Confine this process, which has a single thread, before it reads the first byte: `directory` becomes its
 * root and the only place to write to (-1: none), every fd is closed but `directory` and the `count` fds in
 * `kept`, and its capabilities are at most those for writing a root file system (none without a directory).
 * Standard input, output and error become `directory`, or the first of the kept fds. Returns 0, or a negative
 * errno with `err` filled.
 */
int jail_enter(int directory, const int *kept, size_t count, struct error *err);

/*
 * Last, after the threads have been started: restrict all of them to system calls on open files, on files
 * below the directory, and on memory; others fail with EPERM. Returns 0, or a
 * negative errno with `err` filled.
 */
int jail_filter(struct error *err);

#endif
