/*
 * NAME/lxcbox.conf: the settings of a container that stock LXC does not know. NAME/config never holds them,
 * so that stock LXC loads it. Source: lxcbox.conf(5). The functions that change a file keep its comments and
 * its order.
 */
#ifndef LXCBOX_CORE_CONFIG_LXCBOX_CONF_H
#define LXCBOX_CORE_CONFIG_LXCBOX_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/container.h"
#include "net/firewall/forward.h"

#define LXCBOX_CONF_NAME     "lxcbox.conf"
#define LXCBOX_CONF_FORWARDS 64 /* of one container */

struct lxcbox_conf {
    struct forward *forwards; /* in the order of the file; no two of the same port */
    size_t forward_count;
};

#define cleanup_lxcbox_conf __attribute__((cleanup(lxcbox_conf_free)))
void lxcbox_conf_free(struct lxcbox_conf *c);

/* Parse a text; `origin` is its name in errors. A line that is not understood is an error "ORIGIN:LINE:
 * reason". 0 or a negative errno; `out` is then empty. */
int lxcbox_conf_parse(const char *text, size_t length, const char *origin, struct lxcbox_conf *out,
                      struct error *err);

/* Read a container's file. A file that does not exist is empty. */
int lxcbox_conf_read(const struct container *c, struct lxcbox_conf *out, struct error *err);

/* Add a forward to a container's file, which is made where it does not exist, or remove it: -ENOENT where
 * there is none of the same port. A file that holds nothing afterwards is removed. */
int lxcbox_conf_add_forward(const struct container *c, const struct forward *f, struct error *err);
int lxcbox_conf_remove_forward(const struct container *c, const struct forward *f, struct error *err);

/* Append what a copy of the container gets: every line but those of settings that only one container can
 * have. Nothing where no setting is left. 0 or -ENOMEM. */
int lxcbox_conf_copy(const char *text, struct strbuf *out);

#endif
