/*
 * Converts the id maps of a container (core/) to the options for unpacking an image (fetch/), neither of
 * which includes the other. Shared by the applets that unpack images.
 */
#ifndef LXCBOX_APPLETS_UNPACK_PLACE_H
#define LXCBOX_APPLETS_UNPACK_PLACE_H

#include <unistd.h>

#include "core/config/config.h"
#include "fetch/unpack/unpack.h"

/* Convert the id maps; `ranges` has at least idmap_count elements. */
static inline struct unpack_options unpack_place(const struct config *c, struct unpack_id_range *ranges)
{
    struct unpack_options o = {.devices = geteuid() == 0 && c->idmap_count == 0};

    for (int is_gid = 0; is_gid < 2; is_gid++) {
        size_t n = 0;

        for (size_t i = 0; i < c->idmap_count; i++)
            if (c->idmaps[i].is_gid == is_gid)
                ranges[n++] = (struct unpack_id_range){c->idmaps[i].container_id, c->idmaps[i].host_id,
                                                       c->idmaps[i].count};
        if (is_gid) {
            o.gids = ranges;
            o.gid_count = n;
        } else {
            o.uids = ranges;
            o.uid_count = n;
        }
        ranges += n;
    }
    return o;
}

#endif
