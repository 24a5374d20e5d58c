/*
 * Leaving namespaces for new ones: unshare(1), unshare(2), user_namespaces(7), time_namespaces(7).
 */
#ifndef LXCBOX_CORE_RUN_UNSHARE_H
#define LXCBOX_CORE_RUN_UNSHARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/config/config.h"
#include "core/namespace/namespace.h"

#define ID_RANGES_MAX 64

/* The ids of a new user namespace, as lxc.idmap has them. */
struct id_ranges {
    struct config_idmap items[ID_RANGES_MAX];
    size_t count;
};

enum setgroups_policy { SETGROUPS_UNSET, SETGROUPS_ALLOW, SETGROUPS_DENY };

struct unshare_options {
    uint64_t namespaces;               /* CLONE_NEW* mask */
    const char *keep[NAMESPACE_KINDS]; /* bind mount the new namespace on this file; NULL: do not */
    bool fork;                         /* the program runs in a child */
    bool background;                   /* and is not waited for */
    const char *hostname;              /* of a UTS namespace; NULL: as it is */
    const struct string_list *links;   /* moved into a network namespace; NULL: none */
    bool remount;                      /* /proc, /dev/shm and /dev/mqueue of the namespaces' own */
    int child_signal;                  /* that the child is sent when we die; 0: none */
    const char *proc;                  /* mount proc there; NULL: do not */
    unsigned long propagation;         /* of a new mount namespace's mounts: MS_PRIVATE, ...; 0: as it is */
    struct id_ranges ids;              /* none: the maps are not written */
    enum setgroups_policy setgroups;
    bool keep_capabilities;       /* of a new user namespace, for a program that is not its root */
    const char *root, *directory; /* change to these; NULL: do not */
    bool set_uid, set_gid;
    uid_t uid;
    gid_t gid;
    bool set_monotonic, set_boottime; /* offsets of a time namespace's clocks */
    int64_t monotonic_seconds, boottime_seconds;
};

/* Add a range; -E2BIG when there are too many. */
int id_ranges_add(struct id_ranges *r, bool is_gid, uint32_t inside, uint32_t outside, uint32_t count);

/* Map one id, taking it out of the ranges that hold it on either side already. 0 or -E2BIG. */
int id_ranges_set(struct id_ranges *r, bool is_gid, uint32_t inside, uint32_t outside);

/*
 * The first range that a text in the form of subuid(5) gives a user, by its name (may be NULL) or number.
 * 0 or -ENOENT.
 */
int id_ranges_find(const char *text, const char *name, uid_t uid, uint32_t *start, uint32_t *count);

/*
 * Make the namespaces and run argv (none: a shell) in them. Returns its exit status where it ran in a child,
 * 126 or 127 with `err` filled where there was nothing to execute, or a negative errno with `err` filled.
 */
int unshare_and_execute(const struct unshare_options *options, char **argv, struct error *err);

#endif
