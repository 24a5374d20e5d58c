/*
 * The error for a program that cannot be executed, used by all callers of execve(2) on behalf of a user.
 * Sources: elf(5), execve(2).
 */
#ifndef LXCBOX_CORE_BASE_EXECUTABLE_H
#define LXCBOX_CORE_BASE_EXECUTABLE_H

#include <stddef.h>

#include "core/base/error.h"

/*
 * The architecture of an ELF file, from its first `length` bytes, named as by uname(2): "x86_64", "aarch64",
 * "ppc64le". "an unknown architecture" for any other ELF file, NULL for a file in another format.
 */
const char *executable_architecture(const void *bytes, size_t length);

/*
 * Fill `err` after execve(2) of `command` failed with `errnum` in this process: "cannot execute COMMAND [in
 * CONTAINER]: REASON". If the format is wrong, the file is searched in PATH and read, and the error names its
 * architecture and that of this machine. `container` may be NULL. Returns err->code.
 */
int executable_refuse(struct error *err, int errnum, const char *command, const char *container);

#endif
