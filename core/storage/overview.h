/*
 * The information that lxc-ls prints about the containers of an lxcpath, and of those inside them.
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
    const struct string_list *groups; /* the container must be in all of them */
    bool details;                     /* false: only name, level and groups are set */
    bool network, use;                /* with details: interfaces and addresses; memory and swap */
    unsigned nesting;                 /* number of levels of containers in containers */
    bool full_names;                  /* "OUTER/INNER" */
};

struct overview_row {
    char *name;
    unsigned level; /* 0: not nested */
    int state;      /* enum container_state; -1: unknown, it belongs to another user */
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

/* A container that disappears meanwhile has what was read of it. Returns 0 or a negative errno with `err`
 * filled. */
int overview_read(const char *lxcpath, const struct overview_request *request, struct overview *out,
                  struct error *err);

/* Convert rows to bytes and back, to pass them from inside a container. Return 0, -ENOMEM or -EPROTO. */
int overview_write(const struct overview *o, struct strbuf *out);
int overview_parse(const char *bytes, size_t length, struct overview *out);

#endif
