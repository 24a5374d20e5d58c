/*
 * Changing the text of a configuration file. Comments, order and includes are kept; keys in comments and in
 * included files are not changed.
 */
#ifndef LXCBOX_CORE_CONFIG_EDIT_H
#define LXCBOX_CORE_CONFIG_EDIT_H

#include "core/base/str.h"

/*
 * Set the first assignment of the key to this value and remove later ones; add a line if there is none. 0 or
 * -ENOMEM.
 */
int config_text_set(struct strbuf *text, const char *key, const char *value);

/*
 * Remove every assignment of the key, or of all keys that begin with it if it ends in a dot ("lxc.net.0."). 0
 * or -ENOMEM.
 */
int config_text_remove(struct strbuf *text, const char *key);

/* Add "key = value" as the last line. 0 or -ENOMEM. */
int config_text_append(struct strbuf *text, const char *key, const char *value);

/* Append the value of the last assignment of the key. 0, -ENOENT if there is none, -ENOMEM. */
int config_text_get(const char *text, const char *key, struct strbuf *value);

/*
 * Set every lxc.net.N.hwaddr to a new address 00:16:3e:..., as required for a copy of a container. 0 or
 * negative errno.
 */
int config_text_new_hwaddr(struct strbuf *text);

/*
 * Replace each x of the templates ("00:16:3e:xx:xx:xx") by a random digit, so that the container has the same
 * address at each start. 0 or negative errno.
 */
int config_text_expand_hwaddr(struct strbuf *text);

/*
 * Add lxc.net.N.hwaddr for each veth and macvlan of `read` (the text as read, with its includes) that has no
 * such line in the text itself: without it the kernel generates a new address at each start, and the
 * container loses its DHCP lease. 0 or negative errno.
 */
struct config;
int config_text_add_hwaddr(struct strbuf *text, const struct config *read);

#endif
