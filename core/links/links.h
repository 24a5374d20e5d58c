/*
 * A container's network interfaces, addresses and forwards, all set up from the host through netlink.
 *
 *     network.h           lxc.net.N: network_attach() at a start, network_detach() at its end
 *     network_steps.h     the steps of it, shared by network_host.c and network_inside.c
 *     network_lease.h     lxc.net.N.ipv4.address = dhcp: addresses that the monitor obtains and keeps
 *     moved.h             interfaces that were moved in, and come back
 *     interfaces.h        what a running container's interfaces are, for lxc-ls and lxc-info
 *     forward_list.h      the forwards of all containers; forward_target.h: where one leads
 *     forward_keeper.h    ports of the host that lead to containers (lxc-net forward)
 *
 * Netlink, nftables and DHCP themselves are implemented in net/, which does not depend on containers.
 */
#ifndef LXCBOX_CORE_LINKS_LINKS_H
#define LXCBOX_CORE_LINKS_LINKS_H
#endif
