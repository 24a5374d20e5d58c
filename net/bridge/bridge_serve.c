/* The main loop of the bridge daemon. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "net/bridge/bridge_internal.h"
#include "net/dhcp/udp_packet.h"

#define BURST  64   /* messages answered with one write to disk */
#define ASK_MS 3000 /* time in which a container with a new lease also configures its IPv6 addresses */

/* --- DHCPv4 --- */

static void serve_send_reply(struct bridge_server *s, const struct dhcp_answer *a)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint8_t bytes[DHCP_MESSAGE_MAX];
    struct udp_packet p = {.source = s->dhcp_server.address,
                           .destination = a->to,
                           .source_port = DHCP_SERVER_PORT,
                           .destination_port = DHCP_CLIENT_PORT,
                           .payload = bytes,
                           .size = dhcp_build(&a->reply, bytes)};
    int r = udp_packet_send(s->packets, s->index, a->to_hardware ? a->reply.hardware : all, &p);

    if (r < 0)
        log_warn("dhcp", "cannot send a reply: %s", strerror(-r));
}

static void serve_log_answer(const struct dhcp_message *m, const struct dhcp_answer *a)
{
    const uint8_t *h = m->hardware;

    if (a->ignored)
        log_warn("dhcp", "no address for %02x:%02x:%02x:%02x:%02x:%02x: %s", h[0], h[1], h[2], h[3], h[4],
                 h[5], a->ignored);
}

/* The answers to the messages that arrived together. */
struct serve_burst {
    struct bridge_server *server;
    int64_t now;
    size_t count;
    struct dhcp_answer answers[BURST];
};

static void serve_on_message(void *data, const struct dhcp_sender *sender, const struct udp_packet *packet)
{
    struct serve_burst *b = data;
    struct bridge_server *s = b->server;
    const struct dhcp_server *d = &s->dhcp_server;
    struct dhcp_answer *a = &b->answers[b->count];
    struct dhcp_message m;
    struct lease *l;

    if ((packet->destination != d->address && packet->destination != 0xffffffffU &&
         packet->destination != (d->address | ~d->netmask)) ||
        !dhcp_parse(packet->payload, packet->size, &m))
        return;
    dhcp_server_answer(&s->dhcp_server, &m, sender, b->now, a);
    serve_log_answer(&m, a);
    l = a->changed ? lease_of_address(&s->dhcp_server.leases, a->changed) : NULL;
    if (l && lease_journal_note(&s->journal, l) < 0)
        return;
    if (l && s->settings->ipv6)
        s->ask_at_ms = clock_monotonic_ms() + ASK_MS;
    b->count += a->send;
}

static void serve_sync(struct bridge_server *s)
{
    int r = lease_journal_sync(&s->journal, &s->dhcp_server.leases);

    if (r < 0)
        log_error("dhcp", "cannot write the leases; addresses may be leased twice after a restart: %s",
                  strerror(-r));
}

/* Read what the ports have sent, and answer. Changed leases are written to disk at once, before any reply is
 * sent. */
static void serve_ports(struct bridge_server *s)
{
    static struct serve_burst burst;

    burst.server = s;
    burst.now = time(NULL);
    burst.count = 0;
    bridge_ports_receive(&s->ports, BURST, serve_on_message, &burst);
    serve_sync(s);
    for (size_t i = 0; i < burst.count; i++)
        serve_send_reply(s, &burst.answers[i]);
}

/* A container has started: another host that claims its name loses that. */
static void serve_on_name(void *data, const struct dhcp_sender *sender)
{
    struct bridge_server *s = data;
    struct lease *l = lease_of_name(&s->dhcp_server.leases, sender->owner, time(NULL));

    if (!l || !l->port || l->port == sender->port || bridge_ports_owner(&s->ports, l->port, sender->owner))
        return;
    l->host_name[0] = '\0';
    (void)lease_journal_note(&s->journal, l);
}

/* False: the process that watches the ports has ended. */
static bool serve_changed_ports(struct bridge_server *s)
{
    int r = bridge_ports_update(&s->ports, serve_on_name, s);

    serve_sync(s);
    if (r < 0)
        log_error("lxc-net", "the process that watches the ports of the bridge has ended: %s", strerror(-r));
    return r == 0;
}

/* --- IPv6 --- */

static void serve_radv(struct bridge_server *s, bool due)
{
    bool solicited = false;
    int r;

    while ((r = radv_receive(s->radv)) >= 0)
        solicited |= r > 0;
    if (solicited || due) {
        radv_send(s->radv, s->index, &s->advertisement);
        s->radv_at_ms = clock_monotonic_ms() + RADV_INTERVAL_MS;
    }
}

static void serve_dhcpv6(struct bridge_server *s)
{
    for (int i = 0; i < BURST && dhcpv6_serve(s->dhcpv6, &s->dhcpv6_server) == 0; i++)
        ;
}

/* --- The loop --- */

static void serve_reload(struct bridge_server *s)
{
    struct error err = ERROR_INIT;
    struct bridge_hosts hosts;

    if (bridge_hosts_read(s->settings->dhcp_file, s->settings->address, &hosts, &err) < 0) {
        log_warn("dhcp", "the old hosts stay in effect: %s", err.text);
        return;
    }
    bridge_hosts_free(&s->hosts);
    s->hosts = hosts;
    bridge_server_use(s);
}

/* False: exit. */
static bool serve_signals(struct bridge_server *s)
{
    struct signalfd_siginfo info;

    while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGHUP)
            return false;
        serve_reload(s);
    }
    return true;
}

/* The time until the first timer, in milliseconds; -1 if there is none. */
static int serve_wait_ms(const struct bridge_server *s, int dns_ms, int64_t now_ms)
{
    int64_t first = dns_ms < 0 ? INT64_MAX : now_ms + dns_ms;

    if (s->radv >= 0 && s->radv_at_ms < first)
        first = s->radv_at_ms;
    if (s->ask_at_ms && s->ask_at_ms < first)
        first = s->ask_at_ms;
    if (first == INT64_MAX)
        return -1;
    return first > now_ms ? (int)(first - now_ms) : 0;
}

void bridge_serve(struct bridge_server *s)
{
    struct pollfd fds[] = {{s->signals, POLLIN, 0},  {s->ports.poll, POLLIN, 0},
                           {s->dns.poll, POLLIN, 0}, {s->radv, POLLIN, 0},
                           {s->dhcpv6, POLLIN, 0},   {s->ports.control, POLLIN, 0}};
    int dns_ms = -1;

    for (;;) {
        int64_t now_ms = clock_monotonic_ms();
        int r = poll(fds, ARRAY_LENGTH(fds), serve_wait_ms(s, dns_ms, now_ms));

        if (r < 0 && errno != EINTR)
            break;
        if (r < 0)
            continue;
        if (fds[0].revents && !serve_signals(s))
            break;
        if (fds[5].revents && !serve_changed_ports(s))
            break;
        serve_ports(s);
        now_ms = clock_monotonic_ms();
        dns_ms = dns_forwarder_run(&s->dns, now_ms);
        if (s->radv >= 0 && (fds[3].revents || now_ms >= s->radv_at_ms))
            serve_radv(s, now_ms >= s->radv_at_ms);
        if (fds[4].revents)
            serve_dhcpv6(s);
        if (s->ask_at_ms && now_ms >= s->ask_at_ms) {
            s->ask_at_ms = 0;
            bridge_neighbours_ask_all(s);
        }
    }
    if (s->radv >= 0) {
        s->advertisement.ending = true;
        radv_send(s->radv, s->index, &s->advertisement);
    }
}
