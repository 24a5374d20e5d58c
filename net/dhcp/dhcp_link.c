#include "net/dhcp/dhcp_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "net/link/address.h"
#include "net/link/arp.h"
#include "net/link/link.h"
#include "net/dns/resolv_conf.h"
#include "net/link/route.h"
#include "net/dhcp/udp_packet.h"

#define MTU_MIN 576 /* RFC 791 */
#define ALL     0xffffffffU

static const uint8_t all_hardware[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* --- Opening --- */

static void link_set_up_client(struct dhcp_client *c, const struct link *link,
                               const struct dhcp_link_options *o)
{
    *c = (struct dhcp_client){.wanted = o->wanted,
                              .tries = o->tries ? o->tries : 4,
                              .try_ms = o->try_ms ? o->try_ms : 1000,
                              .pause_ms = o->pause_ms ? o->pause_ms : 20000};
    memcpy(c->hardware, link->address, 6);
    if (!o->without_id) { /* hardware type and address; RFC 2132, 9.14 */
        c->id[0] = 1;
        memcpy(c->id + 1, link->address, 6);
        c->id_size = 7;
    }
    if (o->host_name)
        dhcp_host_name(o->host_name, strlen(o->host_name), c->host_name);
    while (getrandom(&c->random, sizeof(c->random), 0) != sizeof(c->random) || !c->random)
        ;
}

static int link_watch(struct dhcp_link *l)
{
    struct epoll_event readable = {.events = EPOLLIN};

    l->fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->fd < 0 || epoll_ctl(l->fd, EPOLL_CTL_ADD, l->packet, &readable) < 0)
        return -1;
    return epoll_ctl(l->fd, EPOLL_CTL_ADD, l->events.fd, &readable);
}

static int link_open(struct dhcp_link *l, const char *name, struct link *link, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct netlink_result result;
    struct netlink_batch b;
    int r = netlink_open(&n, NETLINK_ROUTE, l->netns, err);

    if (r == 0)
        r = netlink_open(&l->events, NETLINK_ROUTE, l->netns, err);
    if (r == 0)
        r = netlink_subscribe(&l->events, RTNLGRP_LINK, err);
    if (r == 0)
        r = link_find(&n, 0, name, link, err);
    if (r < 0)
        return r;
    if (link->type != ARPHRD_ETHER || link->address_size != 6)
        return error_text(err, EINVAL, "%s is not an Ethernet interface: DHCP does not work there", name);
    l->index = link->index;
    l->running = link->flags & IFF_RUNNING;
    netlink_batch_init(&b);
    link_change(&b, &(struct link_request){.index = link->index, .flags = IFF_UP, .change = IFF_UP});
    if (netlink_exchange(&n, &b, NULL, &result) < 0)
        return netlink_error(&result, err, "cannot bring up %s", name);
    l->packet = udp_packet_open(l->netns, l->index, DHCP_CLIENT_PORT);
    if (l->packet < 0)
        return error_set(err, l->packet, "cannot receive DHCP on %s", name);
    return link_watch(l) < 0 ? error_set(err, errno, "cannot wait for DHCP on %s", name) : 0;
}

/* If a socket for ARP cannot be opened, an address counts as checked. */
static void link_perform_arp(struct dhcp_link *l, const struct dhcp_action *a)
{
    struct epoll_event readable = {.events = EPOLLIN};

    if (a->probe && l->arp < 0) {
        l->arp = arp_open(l->netns, l->index);
        epoll_ctl(l->fd, EPOLL_CTL_ADD, l->arp, &readable);
    }
    if (l->arp >= 0 && (a->probe || a->announce))
        arp_send(l->arp, l->index, l->client.hardware, a->announce, a->probe | a->announce);
    if (l->client.state != DHCP_STATE_CHECKING)
        close_fd(&l->arp);
}

static void link_perform(struct dhcp_link *l, const struct dhcp_action *a)
{
    const struct dhcp_client *c = &l->client;
    uint8_t bytes[DHCP_MESSAGE_MAX];
    struct udp_packet p = {.source = a->message.client_address,
                           .destination = a->to_server ? c->server : ALL,
                           .source_port = DHCP_CLIENT_PORT,
                           .destination_port = DHCP_SERVER_PORT,
                           .payload = bytes};
    int r;

    link_perform_arp(l, a);
    if (!a->send || !l->running)
        return;
    p.size = dhcp_build(&a->message, bytes);
    r = udp_packet_send(l->packet, l->index, a->to_server ? l->server_hardware : all_hardware, &p);
    if (r < 0) /* it is sent again later, as after a loss in the network */
        log_info("dhcp", "cannot send: %s", strerror(-r));
}

int dhcp_link_open(struct dhcp_link *l, int netns, const char *name, const struct dhcp_link_options *o,
                   struct error *err)
{
    struct dhcp_action action;
    struct link link = {0};
    int r = 0;

    *l = (struct dhcp_link)DHCP_LINK_CLOSED;
    if (netns >= 0) {
        l->netns = fcntl(netns, F_DUPFD_CLOEXEC, 0);
        if (l->netns < 0)
            return error_set(err, errno, "cannot keep a network namespace open");
    }
    r = link_open(l, name, &link, err);
    if (r < 0) {
        dhcp_link_close(l);
        return r;
    }
    link_set_up_client(&l->client, &link, o);
    dhcp_client_start(&l->client, clock_boot_ms(), &action);
    link_perform(l, &action);
    return 0;
}

void dhcp_link_close(struct dhcp_link *l)
{
    close_fd(&l->fd);
    close_fd(&l->packet);
    close_fd(&l->arp);
    netlink_close(&l->events);
    close_fd(&l->netns);
}

/* --- Running --- */

int dhcp_link_wait_ms(const struct dhcp_link *l)
{
    int64_t left;

    if (l->client.next_ms == INT64_MAX)
        return -1;
    left = l->client.next_ms - clock_boot_ms();
    return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Record the state of the link. Returns whether it has begun to carry packets. */
static bool link_record_state(struct dhcp_link *l, bool running)
{
    bool came_up = running && !l->running;

    l->running = running;
    return came_up;
}

/* Whether the link has begun to carry packets since the last call, even if only for a moment. */
static bool link_came_up(struct dhcp_link *l)
{
    cleanup_strbuf struct strbuf events = STRBUF_INIT;
    struct netlink_message m;
    struct netlink_view rest;
    struct link link;
    bool came = false;
    int r;

    while ((r = netlink_events(&l->events, false, &events)) > 0 || r == -ENOBUFS) {
        if (r == -ENOBUFS) {
            cleanup_netlink struct netlink n = NETLINK_CLOSED;

            if (netlink_open(&n, NETLINK_ROUTE, l->netns, NULL) == 0 &&
                link_find(&n, l->index, NULL, &link, NULL) == 0)
                came |= link_record_state(l, link.flags & IFF_RUNNING);
        }
        for (rest = netlink_view_of(&events); netlink_next_message(&rest, &m);)
            if (link_parse(&m, &link) && link.index == l->index && link.family != AF_BRIDGE)
                came |= link_record_state(l, m.type == RTM_NEWLINK && link.flags & IFF_RUNNING);
    }
    return came;
}

/* Whether another host uses or probes the address that is being checked. */
static bool link_address_is_taken(struct dhcp_link *l)
{
    uint8_t bytes[ARP_SIZE];
    ssize_t got;

    while (l->arp >= 0 && (got = recv(l->arp, bytes, sizeof(bytes), 0)) > 0)
        if (arp_conflicts(bytes, (size_t)got, l->client.hardware, l->client.offered))
            return true;
    return false;
}

enum dhcp_event dhcp_link_run(struct dhcp_link *l)
{
    struct dhcp_action action;

    if (link_came_up(l)) {
        dhcp_client_start(&l->client, clock_boot_ms(), &action);
        link_perform(l, &action);
    }
    for (;;) {
        uint8_t buffer[UDP_PACKET_MAX], hardware[6];
        struct udp_packet p;
        struct dhcp_message m;
        int r = udp_packet_receive(l->packet, buffer, &p, hardware);

        if (r < 0 && r != -EINTR)
            break; /* no more messages, or the link is down, which the timer handles */
        if (r <= 0 || p.destination_port != DHCP_CLIENT_PORT || !dhcp_parse(p.payload, p.size, &m))
            continue;
        dhcp_client_receive(&l->client, &m, clock_boot_ms(), &action);
        if (m.type == DHCP_ACK && (action.probe || action.event))
            memcpy(l->server_hardware, hardware, 6);
        link_perform(l, &action);
        if (action.event)
            return action.event;
    }
    if (link_address_is_taken(l))
        dhcp_client_conflict(&l->client, clock_boot_ms(), &action);
    else
        dhcp_client_timeout(&l->client, clock_boot_ms(), &action);
    link_perform(l, &action);
    return action.event;
}

void dhcp_link_renew(struct dhcp_link *l)
{
    if (l->client.lease.type)
        l->client.next_ms = clock_boot_ms();
}

/* --- Applying --- */

static struct ip link_to_ip(uint32_t address)
{
    struct ip out = {.family = AF_INET};
    uint32_t wire = htonl(address);

    memcpy(out.bytes, &wire, sizeof(wire));
    return out;
}

static struct address link_lease_address(const struct dhcp_link *l, uint32_t address, uint8_t length)
{
    return (struct address){.index = l->index, .local = link_to_ip(address), .length = length};
}

static void link_put_route(struct netlink_batch *b, const struct dhcp_link *l, uint32_t destination,
                           uint8_t length, uint32_t gateway)
{
    struct route r = {.family = AF_INET,
                      .destination = {link_to_ip(destination), length},
                      .source = link_to_ip(l->client.lease.your_address),
                      .device = l->index,
                      .scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
                      .protocol = RTPROT_DHCP};

    if (gateway)
        r.gateway = link_to_ip(gateway);
    route_add(b, &r, NLM_F_CREATE | NLM_F_REPLACE);
}

/* A gateway must be reachable on the link before a route may go through it. */
static void link_put_route_via(struct netlink_batch *b, const struct dhcp_link *l, uint32_t destination,
                               uint8_t length, uint32_t gateway)
{
    const struct dhcp_message *lease = &l->client.lease;

    if (gateway && ((gateway ^ lease->your_address) & lease->netmask))
        link_put_route(b, l, gateway, 32, 0);
    link_put_route(b, l, destination, length, gateway);
}

static void link_put_routes(struct netlink_batch *b, const struct dhcp_link *l)
{
    const struct dhcp_message *lease = &l->client.lease;

    /* RFC 3442: if there are classless routes, the router option is ignored. Routes on the link are added
     * first. */
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint8_t i = 0; i < lease->route_count; i++)
            if ((lease->routes[i].gateway != 0) == pass)
                link_put_route_via(b, l, lease->routes[i].destination, lease->routes[i].length,
                                   lease->routes[i].gateway);
    if (!lease->route_count && lease->router_count)
        link_put_route_via(b, l, 0, 0, lease->routers[0]);
}

int dhcp_link_apply(struct dhcp_link *l, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    const struct dhcp_message *lease = &l->client.lease;
    uint8_t length = (uint8_t)__builtin_popcount(lease->netmask);
    struct address a = link_lease_address(l, lease->your_address, length);
    struct ip_prefix own = {a.local, length};
    struct netlink_result result;
    struct netlink_batch b;
    int r = netlink_open(&n, NETLINK_ROUTE, l->netns, err);

    if (r < 0)
        return r;
    if (l->applied && (l->applied != lease->your_address || l->applied_length != length)) {
        r = dhcp_link_withdraw(l, err);
        if (r < 0)
            return r;
    }
    if (length < 31)
        ip_broadcast(&own, &a.broadcast);
    a.has_lifetime = true;
    a.valid_seconds = a.preferred_seconds = lease->lease_seconds;
    netlink_batch_init(&b);
    if (lease->mtu >= MTU_MIN)
        link_change(&b, &(struct link_request){.index = l->index, .mtu = lease->mtu});
    address_add(&b, &a, true);
    link_put_routes(&b, l);
    if (netlink_exchange(&n, &b, NULL, &result) < 0)
        return netlink_error(&result, err, "cannot apply the lease");
    l->applied = lease->your_address;
    l->applied_length = length;
    return 0;
}

int dhcp_link_withdraw(struct dhcp_link *l, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    struct address a = link_lease_address(l, l->applied, l->applied_length);
    struct netlink_result result;
    struct netlink_batch b;
    int r = l->applied ? netlink_open(&n, NETLINK_ROUTE, l->netns, err) : 0;

    if (!l->applied || r < 0)
        return r;
    /* The kernel deletes routes with this source too. */
    netlink_batch_init(&b);
    address_delete(&b, &a);
    l->applied = 0;
    if (netlink_exchange(&n, &b, NULL, &result) < 0 && result.code != -EADDRNOTAVAIL)
        return netlink_error(&result, err, "cannot remove the address");
    return 0;
}

int dhcp_link_resolv_conf(const struct dhcp_link *l, struct strbuf *out)
{
    const struct dhcp_message *lease = &l->client.lease;

    return lease->dns_count ? resolv_conf_write(out, lease->dns, lease->dns_count, lease->domain) : 0;
}

int dhcp_link_release(struct dhcp_link *l, struct error *err)
{
    struct dhcp_action action;

    dhcp_client_release(&l->client, &action);
    link_perform(l, &action);
    return dhcp_link_withdraw(l, err);
}
