/*
 * The settings for all containers: /etc/lxc/lxc.conf, or ~/.config/lxc/lxc.conf for users other than root.
 * Source: lxc.system.conf(5).
 */
#ifndef LXCBOX_CORE_CONFIG_GLOBAL_H
#define LXCBOX_CORE_CONFIG_GLOBAL_H

#include "core/base/error.h"
#include "core/base/str.h"

/*
 * The value of "lxc.lxcpath", "lxc.default_config", "lxc.cgroup.pattern", "lxc.cgroup.use", "lxc.bdev.*" or
 * "lxcbox.mapped": from the file, else the default. NULL for any other key, or when out of memory. The file
 * is read once; the string stays valid until the process ends. A missing file is treated as empty; an invalid
 * line is ignored with a warning in the log.
 */
const char *global_item(const char *key);

/* The keys, NULL at the end: the output of `lxc-config -l`. */
extern const char *const global_keys[];

#endif
