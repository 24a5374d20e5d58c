/* The network of a container as seen from inside: the names and addresses of its interfaces. */
#ifndef LXCBOX_CORE_LINKS_INTERFACES_H
#define LXCBOX_CORE_LINKS_INTERFACES_H

#include "core/base/error.h"
#include "core/base/str.h"

/* Each list is sorted as with strcmp(3), as in LXC. */
struct interfaces {
    struct string_list names; /* including the loopback interface */
    struct string_list ipv4;  /* without the loopback's addresses */
    struct string_list ipv6;  /* likewise, without link-local addresses */
};

#define cleanup_interfaces __attribute__((cleanup(interfaces_free)))
void interfaces_free(struct interfaces *i);

/* Read the interfaces in the network namespace of a process. 0 or a negative errno with `err` filled. */
int interfaces_read(int pid, struct interfaces *out, struct error *err);

#endif
