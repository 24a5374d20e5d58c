/*
 * Wireless cards. A single wireless interface cannot move to another network namespace; the whole card (the
 * kernel's "wiphy") moves, with all its interfaces. Source: the kernel's include/uapi/linux/nl80211.h and
 * net/wireless/core.c (cfg80211_switch_netns()).
 */
#ifndef LXCBOX_NET_LINK_WIRELESS_H
#define LXCBOX_NET_LINK_WIRELESS_H

#include <stdint.h>

#include "core/base/error.h"

/* The number of the card that an interface belongs to, in the network namespace of an fd (-1: the caller's
 * own). A negative errno if the interface is not wireless, or if its driver does not support nl80211. */
int wireless_card(int netns, int interface);

/*
 * Move a card, with its interfaces, from one network namespace to another. The interfaces are down
 * afterwards, and keep their names and indexes unless these are in use there; an interface whose name is in
 * use becomes "wlan%d". When a namespace ends, the kernel moves its cards to the initial namespace. 0 or a
 * negative errno.
 */
int wireless_move(int from_netns, int card, int to_netns, struct error *err);

#endif
