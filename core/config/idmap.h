/* lxc.idmap: mapping the ids of a container to ids of the host. Source: user_namespaces(7). */
#ifndef LXCBOX_CORE_CONFIG_IDMAP_H
#define LXCBOX_CORE_CONFIG_IDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/config.h"

/*
 * Convert an id of the container to an id of the host, and the reverse. 0, or -ENOENT if the id is not
 * mapped.
 */
int idmap_to_host(const struct config *c, bool is_gid, uint32_t container_id, uint32_t *host_id);
int idmap_to_container(const struct config *c, bool is_gid, uint32_t host_id, uint32_t *container_id);

/*
 * Reject maps that no kernel accepts: overlapping ranges, ranges beyond 2^32 - 2, users without groups or the
 * reverse, more than 340 lines.
 */
int idmap_check(const struct config *c, struct error *err);

/*
 * Append the text for /proc/PID/uid_map (or gid_map): a line "CONTAINER HOST COUNT" for each map. 0 or
 * -ENOMEM.
 */
int idmap_text(const struct config *c, bool is_gid, struct strbuf *out);

#endif
