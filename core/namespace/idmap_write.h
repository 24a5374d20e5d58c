/*
 * Giving a user namespace the ids of lxc.idmap, and working on files that have them. What the map itself says
 * is core/config/idmap.h. Source: user_namespaces(7), "Defining user and group ID mappings".
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
 * Whether the map of users (groups) is one line for the caller's own effective id alone: the one map that an
 * ordinary user may write without newuidmap(1), that of groups only with setgroups(2) denied for ever in that
 * namespace. user_namespaces(7), "Defining user and group ID mappings: writing to uid_map and gid_map".
 */
bool idmap_is_own_id(const struct config *c, bool is_gid);

/*
 * Write the maps of a process that was cloned with CLONE_NEWUSER and waits. Root writes the files; an
 * ordinary user's own id alone is written directly, after "deny" to setgroups, and all else goes through
 * newuidmap(1) and newgidmap(1), each kind on its own. Nothing to do without lxc.idmap.
 */
int idmap_write(const struct config *c, pid_t pid, struct error *err);

/* The same without idmap_check: for a namespace that need not be a container's. */
int idmap_write_unchecked(const struct config *c, pid_t pid, struct error *err);

/*
 * The largest range of ids that /etc/subuid, or /etc/subgid, gives the user of this process. 0, or a negative
 * errno with `err` filled; -ENOENT where there is none.
 */
int idmap_own_range(bool is_gid, uint32_t *start, uint32_t *count, struct error *err);

/*
 * The first directory on the way to `path`, an absolute one, that the container's root may not pass, into
 * `out`; root is looked for in `c`. 1, 0 where it may pass all, or a negative errno. After idmap_enter().
 */
int idmap_barrier(const struct config *c, const char *path, char *out, size_t size);

/*
 * Let a process of an ordinary user work on files of its containers: enter a user namespace in which the ids
 * that /etc/subuid and /etc/subgid give that user, and its own, are what they are outside. It has every
 * capability over files of these ids from then on, until it executes another program, and can start no
 * container any more. Nothing to do for root, and where `c` (may be NULL) maps no ids but the user's own. The
 * process must have one thread.
 */
int idmap_enter(const struct config *c, struct error *err);

#endif
