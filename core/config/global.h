/*
 * The settings that hold for all containers: /etc/lxc/lxc.conf, or ~/.config/lxc/lxc.conf for others than
 * root. Source: lxc.system.conf(5).
 */
#ifndef LXCBOX_CORE_CONFIG_GLOBAL_H
#define LXCBOX_CORE_CONFIG_GLOBAL_H

#include "core/base/error.h"
#include "core/base/str.h"

/*
 * The value of "lxc.lxcpath", "lxc.default_config", "lxc.cgroup.pattern", "lxc.cgroup.use" or "lxc.bdev.*":
 * the file's, else the default. NULL for a key that is none of these (and when out of memory). Read once; the
 * text lives as long as the process. An absent file is an empty one, a bad line is passed over with a warning
 * in the log.
 */
const char *global_item(const char *key);

/* The keys, NULL at the end: what `lxc-config -l` lists. */
extern const char *const global_keys[];

#endif
