/*
 * The process that keeps port forwards in force while lxc-net runs: it reads the lxcbox.conf of every
 * container, follows the addresses of the running containers, and updates the tables of nftables and the
 * relay. All of this is removed when the process ends, even by SIGKILL (on Linux before 5.12 the tables stay
 * until the process is started again).
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

/* Returns the pid of a container's init, or a negative errno if it is not running. */
typedef int forward_init_pid(const struct container *c, struct error *err);

/* Start the process for the containers below `lxcpath`. 1, 0 if it is already running, or a negative errno
 * with `err` filled. */
int forward_keeper_start(const char *lxcpath, forward_init_pid *init_pid, struct error *err);
/* As daemon_find and daemon_stop. */
pid_t forward_keeper_find(void);
int forward_keeper_stop(struct error *err);

/* --- What the process reports -----------------------------------------------------------------------------
 */

enum forward_state {
    FORWARD_UNKNOWN, /* the process has not read it yet, or is not running */
    FORWARD_WAITING, /* its container is not running, or has no address */
    FORWARD_FAILED,
    FORWARD_ACTIVE,
};

struct forward_report {
    enum forward_state state;
    char target[2 * IP_TEXT_SIZE]; /* addresses of the container, separated by a blank; "": none */
    char reason[256];              /* why it is not active */
};

/* Read the state of a forward. */
void forward_keeper_report(const struct forward_entry *e, struct forward_report *out);

/* Make the process read the files again, and wait until it reports the forward, or reports no forward of its
 * port (`gone`). 0, or -ETIMEDOUT. */
int forward_keeper_reload(const struct forward_entry *e, bool gone, struct error *err);

#endif
