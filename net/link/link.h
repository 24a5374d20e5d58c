/*
 * Network interfaces, converted between structs and netlink messages. Source: rtnetlink(7), linux/if_link.h,
 * Documentation/netlink/specs/rt-link.yaml.
 */
#ifndef LXCBOX_NET_LINK_LINK_H
#define LXCBOX_NET_LINK_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "net/link/netlink.h"

#define LINK_ADDRESS_MAX 32 /* bytes; the kernel's MAX_ADDR_LEN */

/* An attribute in IFLA_INFO_DATA, specific to one kind of link: IFLA_BR_*, IFLA_VLAN_*, ... */
struct link_option {
    uint16_t type;
    uint8_t size; /* bytes of the value: 1, 2, 4 */
    uint32_t value;
};

/* The properties of a link to create, or the changes to make to a link. A member that is zero is chosen by
 * the kernel, or stays unchanged. */
struct link_request {
    int index;            /* the link to change; or, when creating, the index of the new link */
    const char *name;     /* the link to change if index is 0; when creating: "eth%d" is the next free one */
    const char *new_name; /* when changing */
    const uint8_t *address, *broadcast;
    size_t address_size; /* bytes, of both */
    uint32_t mtu;        /* bytes */
    uint32_t queue_length;
    bool has_queue_length;
    unsigned flags, change; /* IFF_UP, ...: the values, and the mask of flags to change */
    const int *master;      /* index; 0 removes the link from its master */
    const int *netns;       /* fd of the network namespace to create it in or move it to */
    const char *alias;      /* "" removes it */
    const uint32_t *group;
    int parent; /* index of the link below: vlan, macvlan, ipvlan */
    uint32_t receive_queues, send_queues;

    /* When creating; or to change `options`. */
    const char *kind; /* "veth", "bridge", "macvlan", "ipvlan", "vlan", "dummy", ... */
    uint16_t vlan_id;
    uint32_t macvlan_mode;       /* MACVLAN_MODE_*; 0: the kernel's choice */
    const uint16_t *ipvlan_mode; /* IPVLAN_MODE_* */
    uint16_t ipvlan_flags;       /* IPVLAN_F_* */
    const struct link_option *options;
    size_t option_count;
    const struct link_request *peer; /* the other end of a veth: name, address, mtu, flags, netns */
};

/* Build one message into a batch. */
void link_create(struct netlink_batch *b, const struct link_request *r);
void link_change(struct netlink_batch *b, const struct link_request *r);
void link_delete(struct netlink_batch *b, int index, const char *name);
void link_get(struct netlink_batch *b, int index, const char *name);

/* Add the port of a bridge to a VLAN, or remove it from the VLAN if `add` is false. With `untagged`, frames
 * without a tag belong to this VLAN. */
void link_port_vlan(struct netlink_batch *b, int port, bool add, uint16_t vlan_id, bool untagged);

/* Set whether a bridge sends a frame back to the port that the frame came from, when its destination is
 * behind that port. */
void link_port_hairpin(struct netlink_batch *b, int port, bool on);

/* Add or remove an alternative name of a link. Since Linux 5.5. */
void link_alternative_name(struct netlink_batch *b, int index, bool add, const char *name);

struct link_statistics {
    uint64_t packets, bytes, errors, dropped;
    uint64_t missed;    /* on receive; on send: no carrier */
    uint64_t multicast; /* on receive; on send: collisions */
    uint64_t overrun;   /* on receive only */
    uint64_t compressed;
};

/* A link as reported by the kernel. */
struct link {
    int index;
    uint8_t family; /* AF_BRIDGE: an event about a port of a bridge, with fewer attributes; else 0 */
    char name[IFNAMSIZ];
    unsigned type;  /* ARPHRD_* */
    unsigned flags; /* IFF_* */
    uint32_t mtu, group, queue_length;
    uint8_t state; /* IF_OPER_* */
    uint8_t mode;  /* IF_LINK_MODE_* */
    char queueing[32], kind[32], port_kind[32], alias[256];
    char alternative_names[256]; /* each terminated by a NUL; an empty one ends the list */
    uint8_t address[LINK_ADDRESS_MAX], broadcast[LINK_ADDRESS_MAX];
    size_t address_size, broadcast_size;
    int parent, master; /* 0: none */
    int parent_netns;   /* id of the namespace that the index `parent` belongs to; -1: this namespace */
    bool has_parent;    /* a tunnel's parent may be 0 */
    uint32_t promiscuity, all_multicast, min_mtu, max_mtu, receive_queues, send_queues;
    uint32_t gso_max_size, gso_max_segments, tso_max_size, tso_max_segments, gro_max_size;
    uint8_t permanent_address[LINK_ADDRESS_MAX]; /* of the hardware */
    size_t permanent_address_size;
    bool has_parent_netns;
    uint16_t vlan_id, vlan_protocol;
    uint32_t macvlan_mode;
    uint16_t ipvlan_mode, ipvlan_flags;
    bool has_macvlan_queue;
    uint32_t macvlan_queue, macvlan_queue_used; /* for broadcasts: requested, in use */
    int address_generation;                     /* IN6_ADDR_GEN_MODE_*; -1: not reported */
    uint32_t tun[10];                           /* by IFLA_TUN_*, of kind "tun" */
    uint16_t tun_has;                           /* a bit for each member of tun that the kernel reported */
    bool bridge_filters_vlans;
    uint16_t bridge_default_vlan; /* that new ports belong to; 0: none */
    struct link_statistics received, sent;
    uint32_t event; /* IFLA_EVENT_*: why an event was sent; 0: not reported */
};

/* Parse one RTM_NEWLINK (or, in a notification, RTM_DELLINK). False if the message is of another type or too
 * short. */
bool link_parse(const struct netlink_message *m, struct link *out);

/* Look up one link by index, or by name if index is 0. Returns 0, -ENODEV, or another negative errno with
 * `err` filled. */
int link_find(struct netlink *n, int index, const char *name, struct link *out, struct error *err);

/* All links, in the order of the kernel (by index). The caller frees *out. */
int link_list(struct netlink *n, struct link **out, size_t *count, struct error *err);

/* 1 to 15 bytes, no '/', no blank, not "." or ".."; the rules of the kernel's dev_valid_name(). */
bool link_name_valid(const char *name);

/* "00:16:3e:01:02:03" to bytes. Returns the number of bytes, or -EINVAL. */
int link_address_parse(const char *text, uint8_t out[LINK_ADDRESS_MAX]);

#endif
