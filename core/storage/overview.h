/*
 * What lxc-ls shows of the containers of an lxcpath, and of those inside them.
 */
#ifndef LXCBOX_CORE_STORAGE_OVERVIEW_H
#define LXCBOX_CORE_STORAGE_OVERVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/pattern.h"
#include "core/base/str.h"
#include "core/config/container.h"

struct overview_request {
    bool active_only; /* those with a monitor */
    bool running, frozen, stopped, defined;
    const regex_t *filter;            /* of names; NULL: all */
    const struct string_list *groups; /* all of which it must be in */
    bool details;                     /* else only name, level, state and groups are filled */
    bool network, use;                /* with details: interfaces and addresses; memory and swap */
    unsigned nesting;                 /* how many levels of containers in containers */
    bool full_names;                  /* "OUTER/INNER" */
};

struct overview_row {
    char *name;
    unsigned level; /* 0: not nested */
    int state;      /* enum container_state; -1: another user's, who does not let us know */
    int pid;        /* 0: none */
    bool start_auto, unprivileged;
    struct string_list groups, interfaces, ipv4, ipv6;
    int64_t memory_bytes, swap_bytes; /* -1: not counted */
};

struct overview {
    struct overview_row *rows; /* by name, those inside a container after it */
    size_t count;
};

#define cleanup_overview __attribute__((cleanup(overview_free)))
void overview_free(struct overview *o);

/* A container that goes away while it is looked at is shown as far as it was seen. 0 or a negative errno. */
int overview_read(const char *lxcpath, const struct overview_request *request, struct overview *out,
                  struct error *err);

/* The rows as bytes, and back from them; for reading them inside a container. 0, -ENOMEM or -EPROTO. */
int overview_write(const struct overview *o, struct strbuf *out);
int overview_parse(const char *bytes, size_t length, struct overview *out);

#endif
