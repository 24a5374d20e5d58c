/*
 * NAME/lxcbox.conf: the settings of a container that stock LXC does not support. They are never written to
 * NAME/config, so that stock LXC can read that file. Source: lxcbox.conf(5). Functions that change a file
 * keep comments and order.
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

/* Forged source addresses that are refused at the ports of the container: SPOOFING_* together. */
#define SPOOFING_MAC  1U
#define SPOOFING_IPV4 2U
#define SPOOFING_IPV6 4U

struct lxcbox_conf {
    struct forward *forwards; /* in the order of the file; no two of them have the same port */
    size_t forward_count;
    struct string_list command;     /* what a start runs instead of lxc.init.cmd; empty: not set */
    struct string_list environment; /* "NAME=VALUE", for what lxc.environment.runtime cannot hold */
    bool reap;                      /* the command runs under our own small init */
    unsigned refuse_spoofing;
};

#define cleanup_lxcbox_conf __attribute__((cleanup(lxcbox_conf_free)))
void lxcbox_conf_free(struct lxcbox_conf *c);

/*
 * Parse a text; `origin` is its name in errors. An invalid line is an error "ORIGIN:LINE: reason". 0 or a
 * negative errno; `out` is then empty.
 */
int lxcbox_conf_parse(const char *text, size_t length, const char *origin, struct lxcbox_conf *out,
                      struct error *err);

/* Read a container's file. A missing file is treated as empty. */
int lxcbox_conf_read(const struct container *c, struct lxcbox_conf *out, struct error *err);

/*
 * Add a forward to a container's file, which is created if it does not exist, or remove it: -ENOENT if there
 * is no forward of the same port. A file that is empty afterwards is removed.
 */
int lxcbox_conf_add_forward(const struct container *c, const struct forward *f, struct error *err);
int lxcbox_conf_remove_forward(const struct container *c, const struct forward *f, struct error *err);

/*
 * Append "KEY = " and the words in double quotes, with escapes for quotes and control characters, so that the
 * words are read back as they are. 0 or -ENOMEM.
 */
int lxcbox_conf_write_words(struct strbuf *out, const char *key, char *const *words, size_t count);

/*
 * Append the text for a copy of the container: all lines except settings that only one container can have.
 * Nothing is appended if no setting remains. 0 or -ENOMEM.
 */
int lxcbox_conf_copy(const char *text, struct strbuf *out);

#endif
