/*
 * Parts of core/links/network.c: the steps of setting up a container's network. Each step is one netlink
 * message with a text for its failure; they are sent together.
 */
#ifndef LXCBOX_CORE_LINKS_NETWORK_STEPS_H
#define LXCBOX_CORE_LINKS_NETWORK_STEPS_H

#include "core/links/network.h"
#include "net/link/link.h"
#include "net/link/netlink.h"

#define STEPS_MAX 64

struct network_steps {
    struct netlink *n;
    struct netlink_batch b;
    struct {
        const struct network_link *link;
        char text[100];
    } items[STEPS_MAX];
    struct strbuf replies;
    struct error *err;
    int code; /* 0, or the code of the first that failed, for which `err` is filled */
    const struct network_link *failed; /* the link of the first that failed */
};

#define cleanup_steps __attribute__((cleanup(network_steps_free)))

void network_steps_init(struct network_steps *s, struct netlink *n, struct error *err);
void network_steps_free(struct network_steps *s);

/* Call it before building each message; the text completes the error "lxc.net.N: cannot TEXT". Sends the
 * waiting messages if there is no more room. */
void network_step(struct network_steps *s, const struct network_link *l, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Send the waiting messages. Returns s->code. */
int network_steps_run(struct network_steps *s);

/* The host side, through the netlink socket `host`. */
int network_host_create(struct network_state *state, struct netlink *host, const struct link *parents,
                        struct error *err);
int network_host_configure(struct network_state *state, const char *name, struct netlink *host,
                           const struct link *parents, struct error *err);
/* network_filter.c: refuse forged addresses at the ports of bridges, if lxcbox.conf says so; and stop that.
 */
int network_filter_install(const struct container *c, struct network_state *state, struct netlink *inside,
                           struct error *err);
void network_filter_remove(struct network_state *state);
/* Whether link `i` is the first one of its wireless card, which is moved once. */
bool network_card_first(const struct network_state *state, size_t i);
/* Undo lxc.net.N.l2proxy of one link. */
int network_host_unproxy(const struct network_link *l, struct netlink *host, struct error *err);

/* The container side; `host` is queried for addresses if lxc.net.N.ipv4.gateway is auto. */
int network_inside_configure(struct network_state *state, struct netlink *inside, struct netlink *host,
                             struct error *err);

/* Run lxc.net.N.script.up ("up") or .down ("down") as LXC does and wait for it. 0 or a negative errno. */
int network_script_run(const struct container *c, const struct config *config, const struct network_link *l,
                       const char *which, struct error *err);

/* "veth", "macvlan", ... */
const char *network_type_name(enum net_type type);

#endif
