/* Creating and entering new namespaces: unshare(1), unshare(2), user_namespaces(7), time_namespaces(7). */
#ifndef LXCBOX_CORE_NAMESPACE_UNSHARE_H
#define LXCBOX_CORE_NAMESPACE_UNSHARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/config/config.h"
#include "core/namespace/namespace.h"

#define ID_RANGES_MAX 64

/* The ids of a new user namespace, in the form of lxc.idmap. */
struct id_ranges {
    struct config_idmap items[ID_RANGES_MAX];
    size_t count;
};

enum setgroups_policy { SETGROUPS_UNSET, SETGROUPS_ALLOW, SETGROUPS_DENY };

struct unshare_options {
    uint64_t namespaces;               /* CLONE_NEW* mask */
    const char *keep[NAMESPACE_KINDS]; /* bind mount the new namespace on this file; NULL: none */
    bool fork;                         /* the program runs in a child */
    bool background;                   /* do not wait for the child */
    const char *hostname;              /* of a UTS namespace; NULL: unchanged */
    const struct string_list *links;   /* interfaces to move into a network namespace; NULL: none */
    bool remount;                      /* mount /proc, /dev/shm and /dev/mqueue of the namespaces */
    int child_signal;                  /* sent to the child when this process dies; 0: none */
    const char *proc;                  /* mount proc there; NULL: none */
    unsigned long propagation;         /* of mounts in a new mount namespace: MS_PRIVATE, ...; 0: unchanged */
    struct id_ranges ids;              /* none: the maps are not written */
    enum setgroups_policy setgroups;
    bool keep_capabilities;       /* of a new user namespace, for a program that does not run as its root */
    const char *root, *directory; /* change to these; NULL: none */
    bool set_uid, set_gid;
    uid_t uid;
    gid_t gid;
    bool set_monotonic, set_boottime; /* offsets of the clocks of a time namespace */
    int64_t monotonic_seconds, boottime_seconds;
};

/* Add a range; -E2BIG if there are too many. */
int id_ranges_add(struct id_ranges *ranges, bool is_gid, uint32_t inside, uint32_t outside, uint32_t count);

/* Map one id, and remove it from existing ranges that contain it on either side. 0 or -E2BIG. */
int id_ranges_set(struct id_ranges *ranges, bool is_gid, uint32_t inside, uint32_t outside);

/*
 * The first range of a user, given by name (may be NULL) or number, in a text in the format of subuid(5). 0
 * or -ENOENT.
 */
int id_ranges_find(const char *text, const char *name, uid_t uid, uint32_t *start, uint32_t *count);

/*
 * Create the namespaces and run argv (empty: a shell) in them. Returns its exit status if it ran in a child,
 * 126 or 127 with `err` filled if the program cannot be executed, or a negative errno with `err` filled.
 */
int unshare_and_execute(const struct unshare_options *options, char **argv, struct error *err);

#endif
