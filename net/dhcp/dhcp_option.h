/*
 * Options that a user adds to every reply, in the configuration syntax of dnsmasq. Sources: dnsmasq(8),
 * --dhcp-option; RFC 2132, RFC 3397 (119), RFC 3442 (121).
 */
#ifndef LXCBOX_NET_DHCP_DHCP_OPTION_H
#define LXCBOX_NET_DHCP_DHCP_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dhcp_option {
    uint8_t code;
    bool force;         /* also sent to clients that do not request it */
    uint8_t size;       /* bytes; 0: the default value is not sent */
    uint8_t bytes[255]; /* in wire format */
};

/*
 * Parse the text after "dhcp-option=": "CODE" or "option:NAME", then values. The address 0.0.0.0 stands for
 * `self`, the address of the server in host byte order. Returns NULL, or a description of the error.
 */
const char *dhcp_option_parse(const char *text, uint32_t self, struct dhcp_option *out);

#endif
