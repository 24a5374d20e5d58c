/*
 * What a container's network looks like from inside: the names and addresses of its interfaces.
 */
#ifndef LXCBOX_CORE_LINKS_INTERFACES_H
#define LXCBOX_CORE_LINKS_INTERFACES_H

#include "core/base/error.h"
#include "core/base/str.h"

/* Each sorted as strcmp(3) does, as LXC has them. */
struct interfaces {
    struct string_list names; /* with the loopback's */
    struct string_list ipv4;  /* without the loopback's addresses */
    struct string_list ipv6;  /* likewise, and without those that hold on one link only */
};

#define cleanup_interfaces __attribute__((cleanup(interfaces_free)))
void interfaces_free(struct interfaces *i);

/* Of the network namespace of a process. 0 or a negative errno with `err` filled. */
int interfaces_read(int pid, struct interfaces *out, struct error *err);

#endif
