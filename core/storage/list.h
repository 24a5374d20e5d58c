/*
 * Listing containers: those defined in an lxcpath (LXCPATH/NAME/config), and running ones, which have a
 * command socket (/proc/net/unix lists these).
 */
#ifndef LXCBOX_CORE_STORAGE_LIST_H
#define LXCBOX_CORE_STORAGE_LIST_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/container.h"

struct listed_container {
    char *name;
    bool defined; /* has a config */
    bool active;  /* has a monitor: any state but STOPPED */
};

/* Sorted by name, as strcmp(3) does. */
struct container_list {
    struct listed_container *items;
    size_t count;
};

#define cleanup_container_list __attribute__((cleanup(container_list_free)))
void container_list_free(struct container_list *list);

/*
 * List both kinds, or with `active_only` those with a monitor. An lxcpath that does not exist has no
 * containers. Returns 0, or a negative errno with `err` filled.
 */
int container_list_read(const char *lxcpath, bool active_only, struct container_list *list,
                        struct error *err);

/*
 * List both kinds, for callers that open every configuration: `defined` is determined only for active
 * containers; any other directory or file counts as defined.
 */
int container_list_read_names(const char *lxcpath, struct container_list *list, struct error *err);

/* Add the names of containers in lxcpath from a text in the format of /proc/net/unix. Returns 0 or -ENOMEM.
 */
int container_list_parse_sockets(const char *text, const char *lxcpath, struct string_list *names);

#endif
