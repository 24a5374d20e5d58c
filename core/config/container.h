/*
 * A container by name: where its configuration lies. Nothing is opened here.
 */
#ifndef LXCBOX_CORE_CONFIG_CONTAINER_H
#define LXCBOX_CORE_CONFIG_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

/* A container's states, with LXC's numbers (they travel on the command socket). */
enum container_state {
    STATE_STOPPED,
    STATE_STARTING,
    STATE_RUNNING,
    STATE_STOPPING,
    STATE_ABORTING,
    STATE_FREEZING,
    STATE_FROZEN,
    STATE_THAWED,
    STATE_COUNT,
};

/* "STOPPED" ...; NULL for a number that is none. */
const char *state_name(int state);
/* The state named, any case; -EINVAL with `err` filled when it is none. */
int state_parse(const char *word, struct error *err);

/* The strings belong to whoever made it (argv, lxc.conf's global values): both outlive every use. */
struct container {
    const char *name;
    const char *lxcpath; /* "/var/lib/lxc" */
    const char *rcfile;  /* its configuration, where that is not LXCPATH/NAME/config; NULL: it is */
};

/* A name that cannot leave lxcpath: not empty, no '/', not "." or "..", at most 128 bytes. */
int container_check_name(const char *name, struct error *err);

/* Refuse control characters in a path or another text that becomes part of a line of a configuration, which a
 * line break would end. 0 or -EINVAL with `err` filled. */
int container_check_text(const char *text, struct error *err);

/* LXCPATH/NAME/FILE, NULL when out of memory. file NULL: LXCPATH/NAME. The caller frees it. */
char *container_path(const struct container *c, const char *file);

/* Its configuration file, likewise. */
char *container_config_path(const struct container *c);

/* Does it have a configuration file? */
bool container_is_defined(const struct container *c);

/*
 * The error for one that has none. -EACCES where it cannot be seen (whose it is), else -ENOENT with `remedy`
 * (NULL: how to look for it), or where an ordinary user's call names a container of root's, with that.
 */
int container_absent(const struct container *c, const char *remedy, struct error *err);

/* Say in the remedy of an error that is set whose the path is, or the nearest directory of it that can be
 * seen. Returns err->code; for EACCES. */
int container_denied(const char *path, struct error *err);

#endif
