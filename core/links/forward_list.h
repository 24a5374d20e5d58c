/*
 * The port forwards of all containers, as in their lxcbox.conf files, and the checks before a new one is
 * added.
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
    struct forward_entry *entries; /* sorted by container as with strcmp(3), then in the order of the file */
    size_t count;
};

#define cleanup_forward_list __attribute__((cleanup(forward_list_free)))
void forward_list_free(struct forward_list *l);

/* Read the files of all containers below a directory. For a file that cannot be used, a sentence is added to
 * `problems`, and its container has no forwards. 0 or a negative errno with `err` filled. */
int forward_list_read(const char *lxcpath, struct forward_list *out, struct string_list *problems,
                      struct error *err);

/* The entry for a port, or NULL. */
const struct forward_entry *forward_list_find(const struct forward_list *l, const struct forward *f);

/*
 * Check that a forward can use its port of this host: the address is an address of the host, and no process
 * listens on the port. Sockets of process `except` are ignored (0: none). 0 or a negative errno with `err`
 * filled.
 */
int forward_check_port(const struct forward *f, pid_t except, struct error *err);

#endif
