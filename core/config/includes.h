/*
 * Built-in copies of the files in LXC's configuration directory that images and templates include. They are
 * used if the directory does not have the file.
 */
#ifndef LXCBOX_CORE_CONFIG_INCLUDES_H
#define LXCBOX_CORE_CONFIG_INCLUDES_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_DIRECTORY "/usr/share/lxc/config"

/*
 * The text of a file by its name in that directory: "common.conf", "debian.userns.conf", "common.seccomp". It
 * has `*length` bytes, is not terminated, and is valid until the process ends. NULL if there is no such file.
 */
const char *config_builtin(const char *name, size_t *length);

/* Stands "key = value" as a line in one of the built-in files for distributions (DISTRIBUTION.common.conf)?
 */
bool config_builtin_has(const char *key, const char *value);

#endif
