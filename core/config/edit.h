/*
 * Changing the text of a configuration file and keeping what a person wrote: comments, order, includes. Keys
 * in comments and in included files are left alone.
 */
#ifndef LXCBOX_CORE_CONFIG_EDIT_H
#define LXCBOX_CORE_CONFIG_EDIT_H

#include "core/base/str.h"

/* Give the first assignment of the key this value and drop later ones; add a line where there is none. 0 or
 * -ENOMEM. */
int config_text_set(struct strbuf *text, const char *key, const char *value);

/* Drop every assignment of the key; of all that begin with it when it ends in a dot ("lxc.net.0."). 0 or
 * -ENOMEM. */
int config_text_remove(struct strbuf *text, const char *key);

/* Add "key = value" as the last line. 0 or -ENOMEM. */
int config_text_append(struct strbuf *text, const char *key, const char *value);

/* Append the value of the last assignment of the key. 0, -ENOENT where there is none, -ENOMEM. */
int config_text_get(const char *text, const char *key, struct strbuf *value);

/* Give every lxc.net.N.hwaddr a new address 00:16:3e:..., as a copy of a container needs. 0 or negative
 * errno. */
int config_text_new_hwaddr(struct strbuf *text);

/*
 * Replace each x of the templates ("00:16:3e:xx:xx:xx") by a random digit, so that a container that is made
 * from them keeps its address from start to start. 0 or negative errno.
 */
int config_text_fill_hwaddr(struct strbuf *text);

/*
 * Add lxc.net.N.hwaddr for each veth and macvlan of `read`, the text as it was read with its includes, that
 * has no such line in the text itself: without one the kernel draws a new address at each start, and the
 * container loses its lease. 0 or negative errno.
 */
struct config;
int config_text_add_hwaddr(struct strbuf *text, const struct config *read);

#endif
