/* Sockets that act on another network namespace, without the process going there. network_namespaces(7). */
#ifndef LXCBOX_NET_NETNS_H
#define LXCBOX_NET_NETNS_H

/*
 * socket(2) in the network namespace `netns` (an fd; -1: the caller's own), close-on-exec. A socket keeps for
 * good the namespace it was made in. A user other than root gets one in namespaces that it owns. Only the
 * calling thread moves, and only for this call; should the way back fail the process ends, as going on in the
 * wrong namespace could change the wrong network. An fd or a negative errno.
 */
int netns_socket(int netns, int domain, int type, int protocol);

#endif
