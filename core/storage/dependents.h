/*
 * Who stands on whose files. A snapshot copy keeps its changes on top of another container's rootfs: that one
 * has it in its file lxc_snapshots, and it has that one in its file lxc_rdepends, both as LXC has them: pairs
 * of lines, lxcpath and name.
 */
#ifndef LXCBOX_CORE_STORAGE_DEPENDENTS_H
#define LXCBOX_CORE_STORAGE_DEPENDENTS_H

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/container.h"

/* The pairs, lxcpath then name; none where there is no such file. 0 or a negative errno with `err` filled. */
int dependents_read(const struct container *c, struct string_list *pairs, struct error *err);

/* Note that `copy` stands on `c`. 0 or a negative errno with `err` filled. */
int dependents_add(const struct container *c, const struct container *copy, struct error *err);

/* Take `copy` out again; what is not there is no error. */
int dependents_remove(const struct container *c, const struct container *copy, struct error *err);

/* The same about those that `c` stands on: read them, write one pair into the folder dirfd. */
int rdepends_read(const struct container *c, struct string_list *pairs, struct error *err);
int rdepends_write(int dirfd, const struct string_list *pairs, struct error *err);

#endif
