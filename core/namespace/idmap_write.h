/*
 * Writing lxc.idmap to a user namespace, and accessing files with mapped ids. The map itself is in
 * core/config/idmap.h. Source: user_namespaces(7), "Defining user and group ID mappings".
 */
#ifndef LXCBOX_CORE_NAMESPACE_IDMAP_WRITE_H
#define LXCBOX_CORE_NAMESPACE_IDMAP_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/config/config.h"
#include "core/config/idmap.h"

/*
 * Whether the map of users (groups) is a single line for the caller's effective id: the only map that an
 * unprivileged user can write without newuidmap(1), for groups only if setgroups(2) is denied in that
 * namespace. user_namespaces(7), "Defining user and group ID mappings: writing to uid_map and gid_map".
 */
bool idmap_is_own_id(const struct config *c, bool is_gid);

/*
 * Write the maps of a process that was cloned with CLONE_NEWUSER and waits. Root writes the files. For an
 * unprivileged user, a map of only the own id is written directly, after "deny" to setgroups; other maps are
 * written by newuidmap(1) and newgidmap(1). No effect without lxc.idmap.
 */
int idmap_write(const struct config *c, pid_t pid, struct error *err);

/* The same without idmap_check: for a namespace that may not belong to a container. */
int idmap_write_unchecked(const struct config *c, pid_t pid, struct error *err);

/*
 * The largest range of ids of the user of this process in /etc/subuid or /etc/subgid. 0, or a negative errno
 * with `err` filled; -ENOENT if there is none.
 */
int idmap_own_range(bool is_gid, uint32_t *start, uint32_t *count, struct error *err);

/*
 * Write into `out` the first parent directory of the absolute `path` that root of the container (according to
 * `c`) may not search. Returns 1, 0 if there is none, or a negative errno. To be called after idmap_enter().
 */
int idmap_barrier(const struct config *c, const char *path, char *out, size_t size);

/*
 * Allow a process of an unprivileged user to access files of its containers: enter a user namespace that maps
 * the user's ids in /etc/subuid and /etc/subgid, and its own id, to themselves. Until it executes another
 * program, the process has all capabilities over files with these ids, but cannot start containers any more.
 * No effect for root, or if `c` (may be NULL) maps only the user's own ids. The process must be
 * single-threaded.
 */
int idmap_enter(const struct config *c, struct error *err);

#endif
