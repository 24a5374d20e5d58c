/*
 * The network of a container: links created on the host for the network namespace of the container, all from
 * the host through netlink, without a process inside the container. Source: lxc.container.conf(5), "NETWORK".
 */
#ifndef LXCBOX_CORE_LINKS_NETWORK_H
#define LXCBOX_CORE_LINKS_NETWORK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/config/config.h"
#include "core/config/container.h"
#include "net/link/netlink.h"

/* The links created for one lxc.net.N. */
struct network_link {
    const struct config_net *net;
    char host_name[IFNAMSIZ]; /* veth: the end on the host; phys: its name on the host */
    char name[IFNAMSIZ];      /* inside */
    int host_index;           /* veth: of the end on the host; phys: on the host, before the move; 0: none */
    int index;                /* inside; 0: none */
    int parent;               /* index of lxc.net.N.link; 0: not set */
    int card;                 /* phys: number of its wireless card plus 1; 0: not wireless */
    uint32_t host_mtu;        /* phys: to restore; 0: unchanged */
    uint8_t host_address[6];  /* veth: of the end on the host; phys: to restore */
    bool up_script_ran;       /* or there is no script */
    bool proxied;             /* lxc.net.N.l2proxy is set up */
    bool host_name_kept;      /* phys: as alternative name inside */
    bool name_written, pair_written; /* into the config */
};

struct network_state {
    int netns; /* of the container, open until network_detach; -1: none */
    struct network_link *links;
    size_t count;
    struct netlink filters; /* owns the tables that refuse forged addresses; closed: there are none */
};

#define NETWORK_STATE_INIT                                                                                   \
    {                                                                                                        \
        -1, NULL, 0, NETLINK_CLOSED                                                                          \
    }

/*
 * Create all lxc.net.N in the network namespace of process `pid` (the init of the container, which waits),
 * and bring its loopback up. The caller is the monitor, in the network namespace of the host. Do not call it
 * for a container without a network namespace of its own (lxc.net.0.type = none, or a shared one).
 *
 * Names that the configuration does not set are written into `config` (lxc.net.N.name, lxc.net.N.veth.pair),
 * so that they can be queried from the running container. On failure all changes are undone and `err` is
 * filled.
 */
int network_attach(const struct container *c, struct config *config, pid_t pid, struct network_state *state,
                   struct error *err);

/*
 * The first part of network_attach: choose the names that the configuration does not set, without creating
 * links. For callers whose interfaces are created by another program.
 */
int network_plan(struct config *config, struct network_state *state, struct error *err);

/*
 * Tear the network down after the container has ended, or failed to start: run the down scripts, remove the
 * host ends, and move physical interfaces back under their names on the host. Continues after failures; the
 * first is in `err` (which may be NULL) and returned. Names that network_attach wrote into `config` are
 * removed again. Harmless on an empty state.
 *
 * Call it when all processes of the container have ended and no other fd of its network namespace is open:
 * the kernel then removes the pairs with the namespace in less than a millisecond, while deleting one waits
 * 15 ms for an RCU barrier. Otherwise the pairs are deleted after a short wait.
 */
int network_detach(const struct container *c, struct config *config, struct network_state *state,
                   struct error *err);

#endif
