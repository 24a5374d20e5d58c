/*
 * Dependencies between containers. A snapshot copy is an overlay on another container's rootfs. The other
 * container lists the copy in its file lxc_snapshots; the copy lists the other container in its file
 * lxc_rdepends. Both have LXC's format: pairs of lines, lxcpath and name.
 */
#ifndef LXCBOX_CORE_STORAGE_DEPENDENTS_H
#define LXCBOX_CORE_STORAGE_DEPENDENTS_H

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/container.h"

/* Read the pairs, lxcpath then name; none if there is no such file. A copy that does not exist and that no
 * process is making is left out: its creation or its removal was interrupted. Returns 0, or a negative errno
 * with `err` filled. */
int dependents_read(const struct container *c, struct string_list *pairs, struct error *err);

/* Record that `copy` depends on `c`. Returns 0, or a negative errno with `err` filled. */
int dependents_add(const struct container *c, const struct container *copy, struct error *err);

/* Remove the record. It is not an error if there is none. */
int dependents_remove(const struct container *c, const struct container *copy, struct error *err);

/* The same for the containers that `c` depends on: read the pairs; write pairs to the directory dirfd. */
int rdepends_read(const struct container *c, struct string_list *pairs, struct error *err);
int rdepends_write(int dirfd, const struct string_list *pairs, struct error *err);

#endif
