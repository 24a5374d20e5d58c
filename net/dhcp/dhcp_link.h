/*
 * A DHCPv4 client at work on one link of a network namespace, which it need not be in: it sends and receives
 * through a packet socket, and applies the lease by netlink. Nothing is sent into a link that carries
 * nothing; once it does (a cable was plugged in, a wireless network joined) it begins at once, with a lease
 * too, as that may be another network. The caller polls `fd` together with its own.
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
    const char *host_name; /* sent to the server; NULL: none */
    uint32_t wanted;       /* as in struct dhcp_client */
    unsigned tries;        /* 0: 4 */
    uint32_t try_ms;       /* 0: 1000 */
    uint32_t pause_ms;     /* 0: 20000 */
    bool without_id;       /* send no client identifier */
};

struct dhcp_link {
    int fd; /* of epoll: readable when there is something to do; -1: closed */
    int packet;
    int arp;               /* -1 but while an address is checked */
    struct netlink events; /* of links */
    int netns;             /* a copy of the fd that was given, -1: the caller's own */
    int index;
    bool running;               /* the link carries packets: IFF_RUNNING, netdevice(7) */
    uint8_t server_hardware[6]; /* who the last acknowledgement came from: server or relay */
    struct dhcp_client client;  /* .lease is what there is to apply */
    uint32_t applied;           /* the address that was applied; 0: none */
    uint8_t applied_length;
};

#define DHCP_LINK_CLOSED                                                                                     \
    {                                                                                                        \
        .fd = -1, .packet = -1, .arp = -1, .netns = -1, .events = NETLINK_CLOSED                             \
    }

/* Bring the link up and begin. `netns` is duplicated. 0 or a negative errno with `err` filled. */
int dhcp_link_open(struct dhcp_link *l, int netns, const char *link, const struct dhcp_link_options *o,
                   struct error *err);
void dhcp_link_close(struct dhcp_link *l);

/* How long to wait at most, in milliseconds; -1 for ever. */
int dhcp_link_wait_ms(const struct dhcp_link *l);

/* Do what is due, until there is nothing more or something to tell. */
enum dhcp_event dhcp_link_run(struct dhcp_link *l);

/* Ask for more time now. */
void dhcp_link_renew(struct dhcp_link *l);

/*
 * After DHCP_BOUND: give the link its address (for as long as the lease lasts, so that the kernel takes it
 * away should nobody else), MTU and routes. After DHCP_LOST: take address and routes away; after DHCP_TAKEN,
 * too.
 */
int dhcp_link_apply(struct dhcp_link *l, struct error *err);
int dhcp_link_withdraw(struct dhcp_link *l, struct error *err);

/* Append resolv.conf's text for the lease; nothing where it names no server. 0 or -ENOMEM. */
int dhcp_link_resolv_conf(const struct dhcp_link *l, struct strbuf *out);

/* Tell the server that the lease is no longer needed, then withdraw it. */
int dhcp_link_release(struct dhcp_link *l, struct error *err);

#endif
