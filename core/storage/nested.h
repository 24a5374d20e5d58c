/*
 * Containers inside containers: the walk of overview.c, continued inside one.
 */
#ifndef LXCBOX_CORE_STORAGE_NESTED_H
#define LXCBOX_CORE_STORAGE_NESTED_H

#include "core/config/summary.h"
#include "core/storage/overview.h"

/* Where the walk is. */
struct overview_walk {
    const struct overview_request *request;
    struct config_includes *includes;
    const char *lxcpath;
    const char *parent; /* the container that we are inside of; NULL: none */
    unsigned level;
};

/* Add the containers of walk->lxcpath and of those inside them. 0 or a negative errno with `err` filled. */
int overview_walk(const struct overview_walk *walk, struct overview *out, struct error *err);

/*
 * Add what the same walk finds one level further in, in the container `c` that is shown as `name`: in a child
 * that has entered its namespaces, with no more rights there than its init has, or where it does not run, its
 * `rootfs` (as lxc.rootfs.path has it). One that cannot be entered shows nothing. 0 or -ENOMEM.
 */
int overview_nested(const struct overview_walk *walk, const struct container *c, const char *name,
                    bool running, const char *rootfs, struct overview *out);

/* Add a row, which is taken over: *row is empty afterwards. 0 or -ENOMEM. */
int overview_add(struct overview *o, struct overview_row *row);
void overview_row_free(struct overview_row *row);

#endif
