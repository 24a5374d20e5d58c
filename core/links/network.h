/*
 * A container's network: links made on the host for the container's network namespace, all from the host side
 * through netlink, nothing of it inside the container. Source: lxc.container.conf(5), "NETWORK".
 */
#ifndef LXCBOX_CORE_LINKS_NETWORK_H
#define LXCBOX_CORE_LINKS_NETWORK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/config/config.h"
#include "core/config/container.h"

/* What was made for one lxc.net.N. */
struct network_link {
    const struct config_net *net;
    char host_name[IFNAMSIZ]; /* veth: the end on the host; phys: its name on the host */
    char name[IFNAMSIZ];      /* inside */
    int host_index;           /* veth: of the end on the host; phys: while it was there; 0: none was made */
    int index;                /* inside; 0: none was made */
    int parent;               /* index of lxc.net.N.link; 0: none is named */
    int card;                 /* phys: number of its wireless card and 1; 0: it is not wireless */
    uint32_t host_mtu;        /* phys: to be given back with; 0: as it is */
    uint8_t host_address[6];  /* veth: of the end on the host; phys: to be given back with */
    bool up_script_ran;       /* or there is none */
    bool proxied;             /* lxc.net.N.l2proxy is set up */
    bool host_name_kept;      /* phys: as one more name inside */
    bool name_written, pair_written; /* into the config */
};

struct network_state {
    int netns; /* the container's, held open until detached; -1: none */
    struct network_link *links;
    size_t count;
};

#define NETWORK_STATE_INIT                                                                                   \
    {                                                                                                        \
        -1, NULL, 0                                                                                          \
    }

/*
 * Make every lxc.net.N in the network namespace of process `pid` (its init, which waits), and bring its
 * loopback up. Called by the monitor, whose own network namespace is the host's. A container without a
 * network namespace of its own (lxc.net.0.type = none, or a shared one) is not touched: the caller does not
 * call.
 *
 * Names that were left open are written into the config (lxc.net.N.name, lxc.net.N.veth.pair), so that
 * whoever asks the running container learns them. On failure everything is undone and `err` says what to do.
 */
int network_attach(const struct container *c, struct config *config, pid_t pid, struct network_state *state,
                   struct error *err);

/*
 * Its first part: choose what the configuration leaves open and make nothing. For who has the interfaces made
 * by somebody else.
 */
int network_plan(struct config *config, struct network_state *state, struct error *err);

/*
 * The container has ended, or failed to start: scripts down, host ends gone, physical interfaces back under
 * their host names. Carries on over failures; the first is in `err` (which may be NULL) and returned. Names
 * that network_attach wrote into the config are taken out again. Harmless on a state that holds nothing.
 *
 * Call it when every process of the container is gone and no other fd of its network namespace is open: the
 * kernel then takes the pairs down with the namespace in under a millisecond, where deleting one waits 15 ms
 * for an RCU barrier. Otherwise they are deleted after a short wait.
 */
int network_detach(const struct container *c, struct config *config, struct network_state *state,
                   struct error *err);

#endif
