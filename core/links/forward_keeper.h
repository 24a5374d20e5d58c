/*
 * The process that keeps port forwards in force while lxc-net runs: it reads every container's lxcbox.conf,
 * follows the addresses of the containers that run, and changes the tables of nftables and the relay
 * accordingly. All of it is gone when the process ends, even by SIGKILL (on Linux before 5.12 the tables stay
 * until it is started again).
 */
#ifndef LXCBOX_CORE_LINKS_FORWARD_KEEPER_H
#define LXCBOX_CORE_LINKS_FORWARD_KEEPER_H

#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "core/config/container.h"
#include "core/links/forward_list.h"

#define FORWARD_PID_FILE   "/run/lxc/lxc-net.forward.pid"
#define FORWARD_STATE_FILE "/run/lxc/lxc-net.forward"

/* Asks for a container's init: its pid, or a negative errno where it does not run. */
typedef int forward_init_pid(const struct container *c, struct error *err);

/* Start the process, whose containers are beneath `lxcpath`. 1, 0 where it runs already, or a negative errno
 * with `err` filled. */
int forward_keeper_start(const char *lxcpath, forward_init_pid *init_pid, struct error *err);
/* As daemon_find and daemon_stop. */
pid_t forward_keeper_find(void);
int forward_keeper_stop(struct error *err);

/* --- What the process reports -----------------------------------------------------------------------------
 */

enum forward_state {
    FORWARD_UNKNOWN, /* the process has not seen it, or does not run */
    FORWARD_WAITING, /* its container does not run, or has no address */
    FORWARD_FAILED,
    FORWARD_ACTIVE,
};

struct forward_report {
    enum forward_state state;
    char target[2 * IP_TEXT_SIZE]; /* addresses of the container, with a blank between; "": none */
    char reason[256];              /* why it is not active */
};

/* What is known of a forward. */
void forward_keeper_report(const struct forward_entry *e, struct forward_report *out);

/* Have the process read the files again, and wait until it has seen the forward, or that there is none of its
 * port (`gone`). 0, or -ETIMEDOUT. */
int forward_keeper_reload(const struct forward_entry *e, bool gone, struct error *err);

#endif
