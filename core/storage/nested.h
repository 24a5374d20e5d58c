/*
 * Listing containers inside containers: the walk of overview.c continues inside a container.
 */
#ifndef LXCBOX_CORE_STORAGE_NESTED_H
#define LXCBOX_CORE_STORAGE_NESTED_H

#include "core/config/summary.h"
#include "core/storage/overview.h"

/* The position of the walk. */
struct overview_walk {
    const struct overview_request *request;
    struct config_includes *includes;
    const char *lxcpath;
    const char *parent; /* the container whose inside is walked; NULL: none */
    unsigned level;
};

/* Add the containers of walk->lxcpath and of those inside them. 0 or a negative errno with `err` filled. */
int overview_walk(const struct overview_walk *walk, struct overview *out, struct error *err);

/*
 * Add the containers inside container `c`, which is listed as `name`. A child process enters the namespaces
 * of the running container, with no more privileges than its init, or the `rootfs` (lxc.rootfs.path) of a
 * stopped one. A container that cannot be entered adds none. Returns 0 or -ENOMEM.
 */
int overview_nested(const struct overview_walk *walk, const struct container *c, const char *name,
                    bool running, const char *rootfs, struct overview *out);

/* Add a row, which is taken over: *row is empty afterwards. 0 or -ENOMEM. */
int overview_add(struct overview *o, struct overview_row *row);
void overview_row_free(struct overview_row *row);

#endif
