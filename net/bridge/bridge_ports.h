/*
 * The ports of the bridge: which container is behind each, and where packets for the servers come in.
 *
 * The engine writes the name of a container into the alias of the veth on the host (BRIDGE_PORT_ALIAS), which
 * no process in the container can change and which ends with the veth. A packet socket on each port receives
 * what the port sends to the servers: a client can claim any address and name, but not another port. The
 * sockets are opened by a process of their own (it has that privilege alone, and reads nothing that
 * containers write) and passed to the server, which has none.
 */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_PORTS_H
#define LXCBOX_NET_BRIDGE_BRIDGE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/dhcp/dhcp.h"
#include "net/dhcp/dhcp_port.h"
#include "net/dhcp/udp_packet.h"
#include "net/dns/dns_forwarder.h"

#define BRIDGE_PORT_ALIAS "lxc:" /* and the name of the container */
#define BRIDGE_PORT_SEEN  64

/* The sender of a question, as seen on a port. */
struct bridge_port_seen {
    uint8_t address[16]; /* the first 4 for IPv4 */
    uint8_t hardware[6];
    uint16_t source_port; /* 0: unused */
    uint8_t family;
    bool tcp;
};

struct bridge_port {
    struct dhcp_sender sender;
    int fd;
    unsigned next; /* of `seen` to overwrite */
    struct bridge_port_seen seen[BRIDGE_PORT_SEEN];
};

struct bridge_ports {
    int control; /* from the process that opens the sockets; readable: bridge_ports_update */
    int poll;    /* readable: a port has a packet; bridge_ports_receive */
    struct bridge_port **ports;
    size_t count;
};

#define BRIDGE_PORTS_CLOSED                                                                                  \
    {                                                                                                        \
        -1, -1, NULL, 0                                                                                      \
    }

/* Start the process, and wait until the ports that exist are known. 0 or a negative errno. */
int bridge_ports_open(struct bridge_ports *p, int bridge, struct error *err);

/*
 * Take over what has changed. `named` is called for each port with a container, when it appears.
 * -EPIPE: the process has ended.
 */
int bridge_ports_update(struct bridge_ports *p, void (*named)(void *data, const struct dhcp_sender *sender),
                        void *data);

/*
 * Read what the ports have sent: up to `max` DHCP messages, each passed to `received`; the senders of DNS
 * questions are kept for bridge_ports_source.
 */
void bridge_ports_receive(struct bridge_ports *p, size_t max,
                          void (*received)(void *data, const struct dhcp_sender *sender,
                                           const struct udp_packet *packet),
                          void *data);

/* A dns_source_find; its context is a struct bridge_ports. */
dns_source_find bridge_ports_source;

/* For struct dhcp_ports; `context` is a struct bridge_ports. */
bool bridge_ports_exists(const void *context, int port);
bool bridge_ports_owned(const void *context, const char *name);

/* Whether the container of this name is behind a port. */
bool bridge_ports_owner(const struct bridge_ports *p, int port, const char *name);

/* One packet of a port, from its IP header on. Returns 1 with *out filled for a DHCP message, 0 otherwise,
 * after the sender of a question has been kept. */
struct bridge_packet {
    const uint8_t *bytes;
    size_t size;
    uint16_t protocol; /* ETH_P_*, in host byte order */
    bool check;        /* its checksum is filled in */
    uint8_t hardware[6];
};
int bridge_port_take(struct bridge_port *port, const struct bridge_packet *packet, struct udp_packet *out);

#endif
