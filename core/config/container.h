/* A container by name: the paths of its files. These functions open no file. */
#ifndef LXCBOX_CORE_CONFIG_CONTAINER_H
#define LXCBOX_CORE_CONFIG_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

/* Container states, with the numbers of LXC, which are sent over the command socket. */
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

/* "STOPPED" ...; NULL for an invalid number. */
const char *state_name(int state);
/* The state with this name, in any case; -EINVAL with `err` filled if it does not exist. */
int state_parse(const char *word, struct error *err);

struct command_connection;

/* The strings are not owned (they are from argv or the values of lxc.conf) and must outlive the struct. */
struct container {
    const char *name;
    const char *lxcpath; /* "/var/lib/lxc" */
    const char *rcfile;  /* its configuration file; NULL: LXCPATH/NAME/config */
    /* For several queries in turn: core/command/command_client.h; NULL: each makes its own. Not owned. */
    struct command_connection *connection;
};

/* Check that a name cannot leave lxcpath: not empty, no '/', not "." or "..", at most 128 bytes. */
int container_check_name(const char *name, struct error *err);

/* Refuse control characters in a path or another text that becomes part of a line of a configuration, which a
 * line break would end. 0 or -EINVAL with `err` filled. */
int container_check_text(const char *text, struct error *err);

/* LXCPATH/NAME/FILE, NULL when out of memory. file NULL: LXCPATH/NAME. The caller frees it. */
char *container_path(const struct container *c, const char *file);

/* Its configuration file, likewise. */
char *container_config_path(const struct container *c);

/* Whether the container has a configuration file. */
bool container_is_defined(const struct container *c);

/*
 * The error for a container without a configuration file. -EACCES if the caller may not access it (the remedy
 * names the owner), else -ENOENT with `remedy` (NULL: how to list containers), or with a hint if an
 * unprivileged user names a container of root.
 */
int container_absent(const struct container *c, const char *remedy, struct error *err);

/*
 * For EACCES: name the owner of the path, or of its nearest accessible parent directory, in the remedy of an
 * error that is set. Returns err->code.
 */
int container_denied(const char *path, struct error *err);

#endif
