/*
 * The settings of lxc-net: /etc/default/lxc and /etc/default/lxc-net as in stock LXC, in shell syntax, and a
 * configuration file in the syntax of dnsmasq (LXC_DHCP_CONFILE). None of the files needs to exist.
 */
#ifndef LXCBOX_NET_BRIDGE_BRIDGE_SETTINGS_H
#define LXCBOX_NET_BRIDGE_BRIDGE_SETTINGS_H

#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/base/str.h"
#include "net/dhcp/dhcp_server.h"
#include "net/dns/dns.h"

struct bridge_settings {
    bool use_bridge;
    char bridge[IFNAMSIZ];
    uint8_t hardware[6];
    uint32_t address, netmask; /* IPv4 addresses in host byte order */
    uint32_t network;          /* to masquerade */
    uint8_t network_length;    /* bits */
    uint32_t first, last;      /* leased */
    uint32_t lease_seconds;
    size_t max_leases;
    size_t port_leases;       /* for each port of the bridge and each hardware address; 0: no limit */
    char dhcp_file[PATH_MAX]; /* "" for none */
    char domain[DHCP_DOMAIN_SIZE];
    bool ipv6; /* the three below are set */
    struct in6_addr address6, network6;
    uint8_t length6, network6_length; /* bits */
    bool nat6;
    struct strbuf lines;         /* the assignments in the files, in a format that can be read again */
    struct string_list warnings; /* sentences about settings that are unknown or have no effect */
};

/* Read the defaults, then each file that exists. 0, or a negative errno with `err` naming file and line. */
int bridge_settings_read(const char *const *files, size_t count, struct bridge_settings *out,
                         struct error *err);
/* The same for /etc/default/lxc and /etc/default/lxc-net. */
int bridge_settings_read_default(struct bridge_settings *out, struct error *err);
void bridge_settings_free(struct bridge_settings *s);

/* An answer for a name and all names below it: "address=/NAME/ADDRESS". */
struct bridge_name {
    char name[DNS_NAME_SIZE]; /* in lower case; "": every name */
    bool below;               /* only the names below it */
    bool ipv4, ipv6;          /* the types it answers; neither: the name does not exist */
    uint8_t address[16];      /* the first 4 for IPv4; all 0 if it answers both */
};

/* The contents of LXC_DHCP_CONFILE. */
struct bridge_hosts {
    struct dhcp_host *hosts;
    size_t count;
    struct dhcp_option *options;
    size_t option_count;
    struct bridge_name *names;
    size_t name_count;
};

/*
 * Read the lines dhcp-host, dhcp-option, dhcp-option-force and address in the syntax of dnsmasq, and the
 * files named by dhcp-hostsfile lines. `self` is the server's address, in host byte order. 0, or a negative
 * errno with `err` naming file and line: also for a line that is not supported.
 */
int bridge_hosts_read(const char *path, uint32_t self, struct bridge_hosts *out, struct error *err);
void bridge_hosts_free(struct bridge_hosts *h);

#endif
