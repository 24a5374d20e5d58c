/*
 * Wireless cards. What moves to another network namespace is not an interface but the whole card (the
 * kernel's "wiphy") with every interface of it. Source: the kernel's include/uapi/linux/nl80211.h and
 * net/wireless/core.c (cfg80211_switch_netns()).
 */
#ifndef LXCBOX_NET_WIRELESS_H
#define LXCBOX_NET_WIRELESS_H

#include <stdint.h>

#include "core/base/error.h"

/* The number of the card that an interface belongs to, in the network namespace of an fd (-1: our own);
 * a negative errno where it is not wireless, or of a driver so old that nl80211 does not know it. */
int wireless_card(int netns, int interface);

/*
 * Move a card, with its interfaces, from one network namespace to another. They are down then, and keep
 * their names and indexes unless these are taken there; a taken name becomes "wlan%d". The kernel moves
 * cards of a namespace that ends to the initial one. 0 or a negative errno.
 */
int wireless_move(int from_netns, int card, int to_netns, struct error *err);

#endif
