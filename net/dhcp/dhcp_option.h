/*
 * Options that a user adds to every answer, in the words of dnsmasq's configuration. Sources: dnsmasq(8),
 * --dhcp-option; RFC 2132, RFC 3397 (119), RFC 3442 (121).
 */
#ifndef LXCBOX_NET_DHCP_DHCP_OPTION_H
#define LXCBOX_NET_DHCP_DHCP_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dhcp_option {
    uint8_t code;
    bool force;         /* also for clients that do not ask for it */
    uint8_t size;       /* bytes; 0: what would be sent otherwise is left out */
    uint8_t bytes[255]; /* as on the wire */
};

/*
 * Read what stands after "dhcp-option=": "CODE" or "option:NAME", then values. An address 0.0.0.0 stands for
 * `self`, the server's own, in host byte order. NULL, or what is wrong with it.
 */
const char *dhcp_option_parse(const char *text, uint32_t self, struct dhcp_option *out);

#endif
