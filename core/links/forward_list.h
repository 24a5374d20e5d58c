/*
 * The port forwards of all containers, as their lxcbox.conf files have them, and what keeps a new one from
 * being added.
 */
#ifndef LXCBOX_CORE_LINKS_FORWARD_LIST_H
#define LXCBOX_CORE_LINKS_FORWARD_LIST_H

#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "net/firewall/forward.h"

struct forward_entry {
    char *container; /* its name */
    struct forward forward;
};

struct forward_list {
    struct forward_entry *entries; /* by container, as strcmp(3) does, then as in the file */
    size_t count;
};

#define cleanup_forward_list __attribute__((cleanup(forward_list_free)))
void forward_list_free(struct forward_list *l);

/* Read the files of all containers beneath a directory. A file that cannot be used adds a sentence to
 * `problems`, and its container has no forwards. 0 or a negative errno with `err` filled. */
int forward_list_read(const char *lxcpath, struct forward_list *out, struct string_list *problems,
                      struct error *err);

/* The entry of a port, or NULL. */
const struct forward_entry *forward_list_find(const struct forward_list *l, const struct forward *f);

/*
 * Whether a forward can have its port of this host: the address is one of the host's, and no process listens
 * there. Sockets of process `except` do not count (0: none). 0 or a negative errno with `err` filled.
 */
int forward_check_port(const struct forward *f, pid_t except, struct error *err);

#endif
