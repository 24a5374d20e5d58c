#include "net/link/wireless.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/nl80211.h>

#include "net/link/netlink.h"

/* Begin a message of a generic netlink family. */
static void wireless_begin(struct netlink_batch *b, uint16_t family, uint8_t command)
{
    struct genlmsghdr header = {.cmd = command, .version = 1};

    netlink_batch_init(b);
    netlink_begin(b, family, 0, &header, sizeof(header));
}

/* Send the message. Returns the value of an attribute of the reply, of two or four bytes, or a negative
 * errno. */
static int wireless_query(struct netlink *n, struct netlink_batch *b, uint16_t wanted)
{
    cleanup_strbuf struct strbuf replies = STRBUF_INIT;
    struct netlink_attribute a;
    struct netlink_message m;
    struct netlink_view rest;
    struct genlmsghdr header;
    int r = netlink_exchange(n, b, &replies, NULL);

    rest = netlink_view_of(&replies);
    if (r < 0 || !netlink_next_message(&rest, &m) ||
        !netlink_take_header(&m.payload, &header, sizeof(header)))
        return r < 0 ? r : -EBADMSG;
    while (netlink_next_attribute(&m.payload, &a))
        if (a.type == wanted)
            return a.payload.length < 4 ? netlink_u16(&a) : (int)(netlink_u32(&a) & INT32_MAX);
    return -EBADMSG;
}

/* The number of the family nl80211 on this kernel, or a negative errno. */
static int wireless_open(struct netlink *n, int netns, struct error *err)
{
    struct netlink_batch b;
    int r = netlink_open(n, NETLINK_GENERIC, netns, err);

    if (r < 0)
        return r;
    wireless_begin(&b, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
    netlink_put_string(&b, CTRL_ATTR_FAMILY_NAME, NL80211_GENL_NAME);
    return wireless_query(n, &b, CTRL_ATTR_FAMILY_ID);
}

int wireless_card(int netns, int interface)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    int family = wireless_open(&n, netns, NULL);
    struct netlink_batch b;

    if (family < 0)
        return family;
    wireless_begin(&b, (uint16_t)family, NL80211_CMD_GET_INTERFACE);
    netlink_put_u32(&b, NL80211_ATTR_IFINDEX, (uint32_t)interface);
    return wireless_query(&n, &b, NL80211_ATTR_WIPHY);
}

int wireless_move(int from_netns, int card, int to_netns, struct error *err)
{
    cleanup_netlink struct netlink n = NETLINK_CLOSED;
    int family = wireless_open(&n, from_netns, err);
    struct netlink_result result;
    struct netlink_batch b;

    if (family < 0)
        return error_set(err, family, "cannot access the kernel's wireless configuration (nl80211)");
    wireless_begin(&b, (uint16_t)family, NL80211_CMD_SET_WIPHY_NETNS);
    netlink_put_u32(&b, NL80211_ATTR_WIPHY, (uint32_t)card);
    netlink_put_u32(&b, NL80211_ATTR_NETNS_FD, (uint32_t)to_netns);
    if (netlink_exchange(&n, &b, NULL, &result) == 0)
        return 0;
    netlink_error(&result, err, "cannot move the wireless card phy%d to another network", card);
    if (result.code == -EOPNOTSUPP)
        error_remedy(
            err, "its driver does not support that: give the container a veth interface behind masquerading");
    return result.code;
}
