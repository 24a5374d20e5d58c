/*
 * The files of LXC's config folder that images and templates name, built in: they serve where the folder has
 * not got them.
 */
#ifndef LXCBOX_CORE_CONFIG_INCLUDES_H
#define LXCBOX_CORE_CONFIG_INCLUDES_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_FOLDER "/usr/share/lxc/config"

/*
 * The text of a file by its name in that folder: "common.conf", "debian.userns.conf", "common.seccomp". Not
 * terminated: `*length` bytes, for the life of the process. NULL when there is none.
 */
const char *config_builtin(const char *name, size_t *length);

/* Stands "key = value" as a line in one of the built-in files for distributions (DISTRIBUTION.common.conf)?
 */
bool config_builtin_has(const char *key, const char *value);

#endif
