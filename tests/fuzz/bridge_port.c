/* Packets from a port of the bridge: DHCP messages, and the senders of DNS questions. */
#include <linux/if_ether.h>
#include <stdlib.h>

#include "net/bridge/bridge_ports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bridge_port port = {.sender = {.port = 1}};
    struct bridge_port *ports[] = {&port};
    struct bridge_ports all = {.ports = ports, .count = 1};
    union socket_address client = {.v4 = {.sin_family = AF_INET}};
    struct dns_source source;
    struct udp_packet p;
    struct dhcp_message m;

    if (size < 2)
        return 0;
    for (int six = 0; six < 2; six++) {
        struct bridge_packet packet = {.bytes = data + 2,
                                       .size = size - 2,
                                       .protocol = six ? ETH_P_IPV6 : ETH_P_IP,
                                       .check = data[0] & 1};

        if (bridge_port_take(&port, &packet, &p) == 1) {
            if (p.payload < packet.bytes || p.payload + p.size > packet.bytes + packet.size)
                abort();
            (void)dhcp_parse(p.payload, p.size, &m);
        }
    }
    client.v4.sin_port = data[1];
    bridge_ports_source(&all, &client, data[0] & 2, &source);
    return 0;
}
