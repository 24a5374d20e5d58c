/*
 * A DHCPv4 client on one link of a network namespace, which need not be the namespace of the process: it
 * sends and receives through a packet socket, and applies the lease through netlink. Nothing is sent while
 * the link carries no packets; when it begins to (a cable was plugged in, a wireless network joined), the
 * client starts at once, also with a lease, as it may be another network. The caller polls `fd` together with
 * its own.
 *
 *     dhcp_link_open(&l, netns, "eth0", &options, err)
 *     for (;;) { poll(l.fd, dhcp_link_wait_ms(&l)); event = dhcp_link_run(&l); ... dhcp_link_apply(&l, err) }
 *     dhcp_link_release(&l); dhcp_link_close(&l)
 */
#ifndef LXCBOX_NET_DHCP_DHCP_LINK_H
#define LXCBOX_NET_DHCP_DHCP_LINK_H

#include "core/base/error.h"
#include "core/base/str.h"
#include "net/dhcp/dhcp_client.h"
#include "net/link/netlink.h"

struct dhcp_link_options {
    const char *host_name; /* sent to the server; NULL: not sent */
    uint32_t wanted;       /* as in struct dhcp_client */
    unsigned tries;        /* 0: 4 */
    uint32_t try_ms;       /* 0: 1000 */
    uint32_t pause_ms;     /* 0: 20000 */
    bool without_id;       /* send no client identifier */
};

struct dhcp_link {
    int fd; /* of epoll: readable when there is work; -1: closed */
    int packet;
    int arp;               /* -1 unless an address is being checked */
    struct netlink events; /* of links */
    int netns;             /* a copy of the fd of the caller; -1: the caller's own */
    int index;
    bool running;               /* the link carries packets: IFF_RUNNING, netdevice(7) */
    uint8_t server_hardware[6]; /* sender of the last acknowledgement: server or relay */
    struct dhcp_client client;  /* .lease is the lease to apply */
    uint32_t applied;           /* the applied address; 0: none */
    uint8_t applied_length;
};

#define DHCP_LINK_CLOSED                                                                                     \
    {                                                                                                        \
        .fd = -1, .packet = -1, .arp = -1, .netns = -1, .events = NETLINK_CLOSED                             \
    }

/* Bring the link up and start. `netns` is duplicated. 0 or a negative errno with `err` filled. */
int dhcp_link_open(struct dhcp_link *l, int netns, const char *link, const struct dhcp_link_options *o,
                   struct error *err);
void dhcp_link_close(struct dhcp_link *l);

/* The maximum time to wait in milliseconds; -1: no limit. */
int dhcp_link_wait_ms(const struct dhcp_link *l);

/* Do the pending work, until there is none or an event to report. */
enum dhcp_event dhcp_link_run(struct dhcp_link *l);

/* Renew the lease now. */
void dhcp_link_renew(struct dhcp_link *l);

/*
 * After DHCP_BOUND: set the address of the link (with the lifetime of the lease, so that the kernel removes
 * it if nothing else does), the MTU and the routes. After DHCP_LOST and DHCP_TAKEN: remove the address and
 * the routes.
 */
int dhcp_link_apply(struct dhcp_link *l, struct error *err);
int dhcp_link_withdraw(struct dhcp_link *l, struct error *err);

/* Append the text of resolv.conf for the lease; nothing if it has no name server. 0 or -ENOMEM. */
int dhcp_link_resolv_conf(const struct dhcp_link *l, struct strbuf *out);

/* Release the lease at the server, then remove it from the link. */
int dhcp_link_release(struct dhcp_link *l, struct error *err);

#endif
