/*
 * Why a program cannot be executed: the error of every place that calls execve(2) for a user. Sources:
 * elf(5), execve(2).
 */
#ifndef LXCBOX_CORE_BASE_EXECUTABLE_H
#define LXCBOX_CORE_BASE_EXECUTABLE_H

#include <stddef.h>

#include "core/base/error.h"

/*
 * The architecture that an ELF file is for, by its first `length` bytes, in the words of uname(2): "x86_64",
 * "aarch64", "ppc64le". "an unknown architecture" for another ELF file, NULL for what is not one.
 */
const char *executable_architecture(const void *bytes, size_t length);

/*
 * Fill `err` after execve(2) of `command` failed with `errnum` in this process: "cannot execute COMMAND [in
 * CONTAINER]: why". Where the format is wrong, the file is looked up along PATH and read, and the error names
 * its architecture and this machine's. `container` may be NULL. Returns err->code.
 */
int executable_refuse(struct error *err, int errnum, const char *command, const char *container);

#endif
