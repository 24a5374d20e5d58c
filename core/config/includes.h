/*
 * Built-in copies of the files in LXC's configuration directory that images and templates include. They are
 * used if the directory does not have the file.
 */
#ifndef LXCBOX_CORE_CONFIG_INCLUDES_H
#define LXCBOX_CORE_CONFIG_INCLUDES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/str.h"

#define CONFIG_DIRECTORY "/usr/share/lxc/config"

/*
 * The text of a file by its name in that directory: "common.conf", "debian.userns.conf", "common.seccomp". It
 * has `*length` bytes, is not terminated, and is valid until the process ends. NULL if there is no such file.
 */
const char *config_builtin(const char *name, size_t *length);

/* Whether "key = value" is a line of one of the built-in files for distributions (DISTRIBUTION.common.conf).
 */
bool config_builtin_has(const char *key, const char *value);

/*
 * The paths of the files that a directory as the value of lxc.include stands for: every *.conf, sorted by
 * name. `out` is empty before. 0 or a negative errno of opendir(3).
 */
int config_include_files(const char *directory, struct string_list *out);

#endif
