/* DHCP messages through packet, parser, server and client; lease lines and host lines. */
#include <stdlib.h>
#include <string.h>

#include "net/link/arp.h"
#include "net/dhcp/dhcp_client.h"
#include "net/dhcp/dhcp_server.h"
#include "net/dhcp/udp_packet.h"

static void serve(const struct dhcp_message *m)
{
    struct dhcp_server s = {.address = 0x0a000301,
                            .netmask = 0xffffff00,
                            .lease_seconds = 3600,
                            .max_leases = 20,
                            .domain = "lxc"};
    struct dhcp_message again = *m;
    struct dhcp_answer a;
    uint8_t bytes[DHCP_MESSAGE_MAX];

    lease_table_init(&s.leases, 0x0a000302, 0x0a000310);
    for (int i = 0; i < 4; i++) {
        struct dhcp_message read;

        dhcp_server_answer(&s, &again, NULL, 1000 + i, &a);
        if (a.send && (!dhcp_parse(bytes, dhcp_build(&a.reply, bytes), &read) || read.type != a.reply.type))
            abort(); /* what we say must be understood */
        again.type = DHCP_REQUEST;
        again.requested = a.reply.your_address;
    }
    for (size_t i = 0; i < s.leases.count; i++) {
        char line[LEASE_LINE_SIZE];
        struct lease l;

        if (s.leases.leases[i].client.hardware_size + s.leases.leases[i].client.id_size &&
            !lease_parse(line, lease_format(&s.leases.leases[i], line) - 1, &l))
            abort();
    }
    lease_table_free(&s.leases);
}

static void receive(const struct dhcp_message *m)
{
    struct dhcp_client c = {.tries = 2, .try_ms = 1000, .pause_ms = 1000, .random = 7};
    struct dhcp_message again = *m;
    struct dhcp_action a;
    int64_t now = 0;

    memcpy(c.hardware, m->hardware, 6);
    dhcp_client_start(&c, now, &a);
    for (int i = 0; i < 8; i++) {
        again.transaction = c.transaction;
        again.type = i % 2 ? DHCP_ACK : m->type;
        dhcp_client_receive(&c, &again, now, &a);
        if (c.next_ms < now)
            abort(); /* never due in the past: it would spin */
        now = c.next_ms == INT64_MAX ? now : c.next_ms;
        dhcp_client_timeout(&c, now, &a);
        if (i == 5 && c.state == DHCP_STATE_CHECKING)
            dhcp_client_conflict(&c, now, &a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dhcp_message m;
    struct udp_packet p;
    struct dhcp_host host;
    struct dhcp_option option;
    struct lease lease;
    char *text = strndup((const char *)data, size);

    if (udp_packet_parse(data, size, false, &p) && p.size && p.payload + p.size > data + size)
        abort();
    if (size >= 6)
        arp_conflicts(data, size, data, 0x0a000301);
    lease_parse((const char *)data, size, &lease);
    if (text)
        dhcp_host_parse(text, &host);
    if (text)
        dhcp_option_parse(text, 0x0a000301, &option);
    free(text);
    if (dhcp_parse(data, size, &m)) {
        serve(&m);
        receive(&m);
    }
    return 0;
}
