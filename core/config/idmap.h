/* lxc.idmap: which ids a container's are on the host. Source: user_namespaces(7). */
#ifndef LXCBOX_CORE_CONFIG_IDMAP_H
#define LXCBOX_CORE_CONFIG_IDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/config.h"

/* The host's id for the container's, and the reverse. 0, or -ENOENT when it is not mapped. */
int idmap_to_host(const struct config *c, bool is_gid, uint32_t container_id, uint32_t *host_id);
int idmap_to_container(const struct config *c, bool is_gid, uint32_t host_id, uint32_t *container_id);

/*
 * Refuse maps that no kernel takes: overlapping ranges, ranges past 2^32 - 2, users without groups or the
 * reverse, more than 340 lines.
 */
int idmap_check(const struct config *c, struct error *err);

/* Append what /proc/PID/uid_map (or gid_map) takes: "CONTAINER HOST COUNT\n" for each. 0 or -ENOMEM. */
int idmap_text(const struct config *c, bool is_gid, struct strbuf *out);

#endif
