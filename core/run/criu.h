/*
 * The command line of criu(8) that checkpointing a container and restoring it have in common.
 * Source: criu's manual page, LXC's criu.c.
 */
#ifndef LXCBOX_CORE_RUN_CRIU_H
#define LXCBOX_CORE_RUN_CRIU_H

#include "core/config/config.h"
#include "core/config/container.h"
#include "core/run/checkpoint.h"

/* Append an option and its value, which is taken over, also on failure. 0 or -ENOMEM, which a NULL value is
 * too. */
int criu_add(struct string_list *l, const char *option, char *value);

/* What every container has; `action` ("dump", "restore") names the log. 0 or a negative errno. */
int criu_add_common(struct string_list *l, const struct checkpoint_options *o, const char *action,
                    bool restores);

/* What is bound in from outside is not criu's to keep; its name in the images is its place inside. */
int criu_add_mounts(struct string_list *l, struct config *config, bool restores, struct error *err);

/* Refuse what criu does not know. */
int criu_check_networks(const struct container *c, const struct config *config, struct error *err);

/* Does the directory hold a checkpoint? */
bool criu_has_checkpoint(const struct checkpoint_options *o);

#endif
