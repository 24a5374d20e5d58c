/*
 * The part of criu(8)'s command line that checkpointing and restoring a container share.
 * Source: criu's manual page, LXC's criu.c.
 */
#ifndef LXCBOX_CORE_RUN_CRIU_H
#define LXCBOX_CORE_RUN_CRIU_H

#include "core/config/config.h"
#include "core/config/container.h"
#include "core/run/checkpoint.h"

/* Append an option and its value, which the list owns from then on, also on failure. 0 or -ENOMEM; a NULL
 * value gives -ENOMEM too. */
int criu_add(struct string_list *l, const char *option, char *value);

/* Add the options of every container; `action` ("dump", "restore") is the name of the log. 0 or a negative
 * errno. */
int criu_add_common(struct string_list *l, const struct checkpoint_options *o, const char *action,
                    bool restores);

/* Declare bind mounts as external: criu does not save them. Their name in the images is their target inside.
 */
int criu_add_mounts(struct string_list *l, struct config *config, bool restores, struct error *err);

/*
 * Reject network types that criu does not support, and names of the container and its interfaces that criu
 * would take for other options.
 */
int criu_check_networks(const struct container *c, const struct config *config, struct error *err);

/* Check that criu will find only regular files in the directory of the checkpoint, and only this user or root
 * can write there. 0 or a negative errno. */
int criu_check_directory(const struct checkpoint_options *o, struct error *err);

/* Whether a text is "tty[HEX:HEX]", the device numbers of a terminal. */
bool criu_is_console(const char *text);

/* Does the directory hold a checkpoint? */
bool criu_has_checkpoint(const struct checkpoint_options *o);

#endif
